/**
 * Marks the session as begun and as ended, with the times when it was, however often that has to be tried. That the other
 * side was faster is no refusal; every other one is told in words.
 */
import { type Api, Refused, words } from './api';

const isCode = (error: unknown, code: string): boolean => error instanceof Refused && error.code === code;

export class Marking {
  private begunAt: Date | null = null;
  private endedAt: Date | null = null;
  private isBegun = false;

  constructor(private readonly api: Pick<Api, 'start' | 'end'>) {}

  /** The two have met; returns why that could not be marked, if so. */
  async begin(): Promise<string | null> {
    this.begunAt ??= new Date();
    try {
      await this.api.start(this.begunAt);
    } catch (error) {
      if (!isCode(error, 'SESSION_ALREADY_STARTED')) return words(error);
    }
    this.isBegun = true;
    return null;
  }

  /** The call is over for us; returns what it came to, and whether that is marked. */
  async end(): Promise<{ text: string; isMarked: boolean }> {
    if (!this.begunAt) return { text: 'You have left the call.', isMarked: true };
    this.endedAt ??= new Date();
    const problem = this.isBegun ? null : await this.begin();
    if (problem) return { text: unmarked(problem), isMarked: false };
    try {
      const { duration } = await this.api.end(this.endedAt);
      return { text: duration === 1 ? 'It took one minute.' : `It took ${duration} minutes.`, isMarked: true };
    } catch (error) {
      if (isCode(error, 'SESSION_ALREADY_ENDED')) return { text: 'You have left the call.', isMarked: true };
      return { text: unmarked(words(error)), isMarked: false };
    }
  }
}

const unmarked = (why: string): string => `It is over for you, but could not be marked as ended. ${why}`;
