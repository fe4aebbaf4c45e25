/** The live connection: comes back by itself after growing pauses, and says how it stands. */
import { pause } from '../common/dom';

export interface Frame {
  type: string;
  data: Record<string, unknown>;
}

export type Standing = 'connected' | 'reconnecting';

/** Pauses before another try, in milliseconds; the last one goes on. */
const PAUSES = [300, 700, 1500, 3000, 6000, 10_000];

export class Live {
  private socket: WebSocket | null = null;
  private over = false;

  constructor(
    private readonly url: string,
    private readonly on: {
      /** Connected, again or for the first time; resolves when the page is up to date, and fails if it makes no sense. */
      open: () => Promise<void>;
      frame: (frame: Frame) => void;
      standing: (standing: Standing) => void;
    },
  ) {}

  /** Stays connected until `end`, or until `open` fails. */
  async run(): Promise<void> {
    for (let tries = 0; !this.over; tries += 1) {
      const socket = new WebSocket(this.url);
      const early: Frame[] = [];
      let ready = false;
      const closed = new Promise<void>((done) => socket.addEventListener('close', () => done()));
      socket.addEventListener('message', (event) => {
        const frame = JSON.parse(event.data as string) as Frame;
        if (ready) this.on.frame(frame);
        else early.push(frame);
      });
      const opened = await new Promise<boolean>((done) => {
        socket.addEventListener('open', () => done(true));
        socket.addEventListener('close', () => done(false));
      });
      if (opened) {
        tries = 0;
        await this.on.open();
        this.socket = socket;
        ready = true;
        early.forEach((frame) => this.on.frame(frame));
        this.on.standing('connected');
        await closed;
        this.socket = null;
      } else {
        // Why a socket was not opened, only a request can say.
        await this.on.open().catch((error: unknown) => {
          if (error instanceof TypeError) return;
          throw error;
        });
      }
      if (this.over) return;
      this.on.standing('reconnecting');
      await pause(PAUSES[Math.min(tries, PAUSES.length - 1)]!);
    }
  }

  /** Sends, if there is a connection. */
  send(type: string, data: Record<string, unknown>): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify({ type, data }));
    return true;
  }

  end(): void {
    this.over = true;
    this.socket?.close();
  }
}
