/**
 * How the texts of several pads become one, although each message carries a whole text.
 *
 * Every pad hears the same messages in the same order, its own included. A message says of which text it was made (`base`,
 * a hash); so each pad can work out the same merged text, whoever overtook whom. What the server keeps is the last
 * message as it was, so whoever sent a message that missed another's sends the merged text after it; if they are gone,
 * any other pad does. Messages of clients that name no base replace the text, as the contract says.
 *
 * A pad that comes, or comes back, has to take the server's text when nothing is left to mend: it waits a moment first, and
 * the others mend when they hear that somebody has come.
 *
 * A text that the server refuses stays in the editor and is not sent again as it is; the next change to it is.
 *
 * Nothing here knows a socket, an editor or a clock.
 */
import { merge, type Conflict } from './merge';
import { fits } from './size';

/** Texts that messages may have been made of, at most. */
const HISTORY = 64;

export interface Message {
  code: string;
  userId: string;
  base?: string;
}

/** What came of a message. */
export interface Outcome {
  /** Words of which only one could stand. */
  conflicts: Conflict[];
  /** Whether the message was our own. */
  own: boolean;
}

/** Why a text is not kept. */
export interface Obstacle {
  code: string;
  message: string;
}

const TOO_LARGE: Obstacle = { code: 'CODE_TOO_LARGE', message: 'the code is too long' };

/** FNV-1a with 53 bits: enough to tell a few dozen texts apart. */
export function hash(text: string): string {
  let high = 0x811c9dc5;
  let low = 0x1b873593;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x85ebca6b);
  }
  return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
}

export class Converging {
  /** What all pads agree on. */
  private agreed: string;
  /** What the server keeps: the last message as it came. */
  private stored: string;
  /** What is in the editor. */
  private text: string;
  /** What we sent and have not heard back yet, and the same as the editor has it by now. */
  private underway: { code: string; shadow: string } | null = null;
  /** What was refused since something was last sent. */
  private refusal: { text: string; why: Obstacle } | null = null;
  private history = new Map<string, string>();

  constructor(
    private readonly me: string,
    text: string,
  ) {
    this.agreed = this.stored = this.text = text;
    this.remember(text);
  }

  /** What the editor should show. */
  get doc(): string {
    return this.text;
  }

  /** Why what is in the editor is neither kept by the server nor sent to it; null if nothing is in its way. */
  get obstacle(): Obstacle | null {
    if (this.text === this.agreed && this.stored === this.agreed) return null;
    if (!fits(this.text)) return TOO_LARGE;
    return this.refusal?.text === this.text ? this.refusal.why : null;
  }

  /** The user has typed. */
  edited(text: string): void {
    this.text = text;
  }

  /** What to send now, if there is something; nothing until the last message has come back. */
  next(): Message | null {
    return this.text === this.agreed ? null : this.send();
  }

  /** What the server should keep and does not, because whoever should have sent it is gone. */
  repair(): Message | null {
    return this.stored === this.agreed || this.text !== this.agreed ? null : this.send();
  }

  /** The server has refused something; returns whether it was what we sent last. */
  refused(why: Obstacle): boolean {
    if (!this.underway) return false;
    this.refusal = { text: this.underway.code, why };
    this.underway = null;
    return true;
  }

  /** A message has come, in the order that all hear. */
  heard(message: Message): Outcome {
    const base = message.base === undefined ? undefined : this.history.get(message.base);
    const before = this.agreed;
    // The later message's words stand where both changed the same ones: the order decides, and all know it.
    const merged =
      base === undefined ? { text: message.code, conflicts: [] } : merge(base, before, message.code, 'b');
    this.agreed = merged.text;
    this.stored = message.code;
    this.remember(message.code);
    this.remember(this.agreed);
    const own = this.underway !== null && message.userId === this.me && message.code === this.underway.code;
    if (own) {
      // What was typed since goes on top.
      const rebased = merge(this.underway!.shadow, this.agreed, this.text, 'a');
      this.text = rebased.text;
      this.underway = null;
      return { conflicts: [...merged.conflicts, ...rebased.conflicts], own };
    }
    const conflicts = this.underway ? [] : merged.conflicts;
    if (this.underway) this.underway.shadow = merge(before, this.agreed, this.underway.shadow, 'a').text;
    const rebased = merge(before, this.agreed, this.text, 'a');
    this.text = rebased.text;
    return { conflicts: [...conflicts, ...rebased.conflicts], own };
  }

  /** Whether the last message was ours and missed another's: then it is ours to send what came of both. */
  owes(last: Outcome): boolean {
    return last.own && this.stored !== this.agreed;
  }

  /** Back after a pause, in which the server's text may have changed, and our last message may or may not have arrived. */
  back(stored: string): Conflict[] {
    const rebased = merge(this.agreed, stored, this.text, 'a');
    this.agreed = this.stored = stored;
    this.text = rebased.text;
    this.underway = this.refusal = null;
    this.history.clear();
    this.remember(stored);
    return rebased.conflicts;
  }

  private send(): Message | null {
    if (this.underway || this.obstacle) return null;
    this.underway = { code: this.text, shadow: this.text };
    this.refusal = null;
    return { code: this.text, userId: this.me, base: hash(this.agreed) };
  }

  private remember(text: string): void {
    const key = hash(text);
    this.history.delete(key);
    this.history.set(key, text);
    if (this.history.size > HISTORY) this.history.delete(this.history.keys().next().value!);
  }
}
