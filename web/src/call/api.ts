/** The video-calls API, as far as the call needs it. */

export interface Access {
  canJoin: boolean;
  reason: string | null;
  minutesUntilSession: number;
}

export interface Person {
  id: string;
  name: string | null;
}

export interface Meeting {
  roomId: string;
  participants: { client: Person; psychologist: Person };
}

/** Why the server said no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export class Api {
  constructor(
    private readonly session: string,
    private readonly token: string,
  ) {}

  readonly access = () => this.ask<Access>('GET', `can-join/${this.session}`);
  readonly meeting = () => this.ask<Meeting>('POST', `generate-room/${this.session}`);
  readonly servers = async () => (await this.ask<{ iceServers: RTCIceServer[] }>('GET', 'config')).iceServers;
  readonly start = (at: Date) => this.ask('POST', `start/${this.session}`, { startTime: at.toISOString() });
  readonly end = (at: Date) => this.ask<{ duration: number }>('POST', `end/${this.session}`, { endTime: at.toISOString() });

  private async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { 'x-auth-token': this.token };
    if (body) headers['content-type'] = 'application/json';
    const response = await fetch(`/api/video-calls/${path}`, { method, headers, body: body ? JSON.stringify(body) : undefined });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(response.status, answer.code ?? '', answer.message ?? `status ${response.status}`);
    return answer as T;
  }
}

const REASONS: Record<string, string> = {
  SESSION_NOT_CONFIRMED: 'The session has not been confirmed yet.',
  PAYMENT_PENDING: 'The session has not been paid for yet.',
  SESSION_CANCELLED: 'The session was cancelled.',
  SESSION_COMPLETED: 'The session is over.',
  TOO_EARLY: 'It is too early: a session can be joined from 15 minutes before it begins.',
  TOO_LATE: 'It is too late: a session can be joined until 2 hours after it began.',
  UNAUTHORIZED: 'Your link is not valid, or no longer. Ask for a new one.',
  AUTHENTICATION_FAILED: 'Your link is not valid, or no longer. Ask for a new one.',
  NOT_A_PARTICIPANT: 'This session is between other people.',
  FORBIDDEN: 'Your role does not allow calls.',
  INVALID_SESSION_ID: 'The link is wrong: this is no session.',
  SESSION_NOT_FOUND: 'There is no such session. The link may be wrong.',
  SESSION_NOT_STARTED: 'The call was never marked as started.',
  OUTSIDE_TIME_WINDOW: 'A call can start from 15 minutes before its session to 2 hours after it began.',
  RATE_LIMITED: 'That was a lot at once. Wait a minute, then try again.',
  ROOM_FULL: 'Everyone who fits is already in this call.',
  ROOM_NOT_FOUND: 'The call does not exist any more.',
  INVALID_SESSION: 'The session cannot be joined now.',
  PERMISSION_DENIED: 'You may not do this in this call.',
};

/** A refusal in words for whoever reads the page. */
export function words(error: unknown): string {
  if (typeof error === 'string') return REASONS[error] ?? `The session cannot be joined (${error}).`;
  if (error instanceof Refused) return REASONS[error.code] ?? `The server refused: ${error.message} (${error.code || error.status}).`;
  return 'The server cannot be reached. Check your connection.';
}

/** Who a token speaks for; null if it is none. */
export function bearer(token: string): { id: string; role: string | null } | null {
  try {
    const part = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const claims = JSON.parse(atob(part));
    const id = claims.sub ?? claims.user?.id;
    return typeof id === 'string' ? { id, role: claims.role ?? claims.user?.role ?? null } : null;
  } catch {
    return null;
  }
}
