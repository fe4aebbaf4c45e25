/** The interview API, as far as the pad needs it. */

export type Language = 'javascript' | 'python' | 'html';

export interface Person {
  id: string;
  name: string;
  role: string;
  color: string;
  isOnline: boolean;
}

export interface Session {
  id: string;
  code: string;
  language: Language;
  expiresAt: number;
  participants: Person[];
}

export interface Me {
  id: string;
  name: string;
  color: string;
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

async function ask(method: string, path: string, body?: unknown): Promise<Session> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.code ?? '', answer.error ?? `status ${response.status}`);
  return answer.data as Session;
}

const at = (id: string) => `/sessions/${encodeURIComponent(id)}`;

export const create = (creator: Me, language: Language) => ask('POST', '/sessions', { creator, language });
export const read = (id: string) => ask('GET', at(id));
export const join = (id: string, user: Me) => ask('POST', `${at(id)}/join`, { user });

/** A refusal in words for whoever reads the page. */
export function words(error: unknown): string {
  if (!(error instanceof Refused)) return 'The server cannot be reached. Check your connection.';
  switch (error.code) {
    case 'SESSION_NOT_FOUND':
      return 'There is no such session. The link may be wrong, or the session has been deleted.';
    case 'SESSION_EXPIRED':
      return 'This session has ended: sessions last for 24 hours.';
    case 'CODE_TOO_LARGE':
    case 'TOO_LARGE':
      return 'The code is too long to be kept: 512 KB is the most.';
    default:
      return `The server refused: ${error.message} (${error.code || error.status}).`;
  }
}
