/** Pads that talk through a server which keeps the last message and tells all of them in one order. */
import { describe, expect, test } from 'vitest';
import { Converging, hash, type Message } from './converge';
import { change, merge } from './merge';

/** Numbers that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

class Server {
  stored = '';
  pads: Pad[] = [];
  take(message: Message): void {
    this.stored = message.code;
    for (const pad of this.pads) pad.inbox.push(message);
  }
}

class Pad {
  inbox: Message[] = [];
  outbox: Message[] = [];
  online = true;
  converging: Converging;
  constructor(
    readonly server: Server,
    readonly name: string,
  ) {
    this.converging = new Converging(name, server.stored);
    server.pads.push(this);
  }
  type(text: string, at: number): void {
    const doc = this.converging.doc;
    this.converging.edited(doc.slice(0, at) + text + doc.slice(at));
  }
  /** Sends what it has to say, if that is due. */
  speak(): void {
    const message = this.converging.next();
    if (message && this.online) this.outbox.push(message);
  }
  deliver(): void {
    const message = this.outbox.shift();
    if (message) this.server.take(message);
  }
  listen(): void {
    const message = this.inbox.shift();
    if (!message) return;
    const outcome = this.converging.heard(message);
    if (this.converging.owes(outcome)) this.repair();
  }
  repair(): void {
    const message = this.converging.repair();
    if (message) this.outbox.push(message);
  }
  drop(): void {
    this.online = false;
    this.inbox = [];
    this.outbox = [];
    this.server.pads = this.server.pads.filter((pad) => pad !== this);
  }
  /** Comes back when the others have mended what there was to mend. */
  back(): void {
    settle(this.server.pads);
    this.online = true;
    this.converging.back(this.server.stored);
    this.server.pads.push(this);
  }
}

/** Until nothing is left to say or to hear; those who are still there mend what others left. */
function settle(pads: Pad[]): void {
  for (let round = 0; round < 200; round += 1) {
    let busy = false;
    for (const pad of pads) {
      pad.speak();
      while (pad.outbox.length) pad.deliver();
    }
    for (const pad of pads) {
      while (pad.inbox.length) {
        pad.listen();
        busy = true;
      }
    }
    busy ||= pads.some((pad) => pad.outbox.length > 0);
    if (!busy) {
      for (const pad of pads) pad.repair();
      if (!pads.some((pad) => pad.outbox.length > 0)) return;
    }
  }
  throw new Error('it never settles');
}

describe('pads that type at the same moment', () => {
  test('keep both changes', () => {
    const server = new Server();
    server.stored = 'one two three';
    const [ann, ben] = [new Pad(server, 'ann'), new Pad(server, 'ben')];
    ann.type('ANN ', 0);
    ben.type(' BEN', 13);
    for (const pad of [ann, ben]) pad.speak();
    settle([ann, ben]);
    expect([ann.converging.doc, ben.converging.doc, server.stored]).toEqual(Array(3).fill('ANN one two three BEN'));
  });

  test('say whose words stand where both changed the same ones', () => {
    const server = new Server();
    server.stored = 'let name = 1';
    const [ann, ben] = [new Pad(server, 'ann'), new Pad(server, 'ben')];
    ann.converging.edited('let first = 1');
    ben.converging.edited('let second = 1');
    const [a, b] = [ann.converging.next()!, ben.converging.next()!];
    ann.converging.heard(a);
    const told = ann.converging.heard(b);
    expect(told.conflicts).toEqual([{ kept: 'second', lost: 'first' }]);
    expect(ann.converging.doc).toBe('let second = 1');
  });

  test.each(Array.from({ length: 150 }, (_, seed) => seed))('converge and lose no word, whatever the order (%i)', (seed) => {
    const next = random(seed + 1);
    const pick = <T,>(items: T[]): T => items[Math.floor(next() * items.length)]!;
    const server = new Server();
    server.stored = 'a b\nc d\ne f\n';
    const pads = ['ann', 'ben', 'cem'].slice(0, 2 + (seed % 2)).map((name) => new Pad(server, name));
    const typed: string[] = [];
    for (let step = 0; step < 120; step += 1) {
      const pad = pick(pads);
      const what = next();
      if (what < 0.3) {
        const word = ` ${pad.name}${step} `;
        // At the end of a line, so that no word of another is cut in two.
        const ends = [...pad.converging.doc.matchAll(/\n/g)].map((end) => end.index);
        pad.type(word, ends.length ? pick(ends) : 0);
        typed.push(word.trim());
      } else if (what < 0.5) pad.speak();
      else if (what < 0.7) pad.deliver();
      else if (what < 0.95) pad.listen();
      else if (!pad.online) pad.back();
      else if (pad.outbox.length === 0 && pads.filter((other) => other.online).length > 1) pad.drop();
    }
    for (const pad of pads) if (!pad.online) pad.back();
    settle(pads);
    for (const pad of pads) expect(pad.converging.doc).toBe(pads[0]!.converging.doc);
    expect(server.stored).toBe(pads[0]!.converging.doc);
    for (const word of typed) expect(server.stored.split(/\s+/)).toContain(word);
  });

  test('take the text of a client that names no base', () => {
    const pad = new Converging('ann', 'old');
    pad.heard({ code: 'new', userId: 'ben' });
    expect(pad.doc).toBe('new');
  });
});

describe('a text that the server refuses', () => {
  const why = { code: 'INTERNAL_ERROR', message: 'an internal error' };

  test('is not sent again as it is, and the next change is', () => {
    const pad = new Converging('ann', 'old');
    pad.edited('old a');
    expect(pad.next()?.code).toBe('old a');
    expect(pad.refused(why)).toBe(true);
    expect(pad.next()).toBeNull();
    expect(pad.obstacle).toBe(why);
    pad.edited('old ab');
    expect(pad.obstacle).toBeNull();
    expect(pad.next()?.code).toBe('old ab');
    pad.heard({ code: 'old ab', userId: 'ann' });
    pad.edited('old a');
    expect(pad.next()?.code).toBe('old a');
  });

  test('is followed at once by what was typed since', () => {
    const pad = new Converging('ann', 'old');
    pad.edited('old a');
    pad.next();
    pad.edited('old ab');
    pad.refused(why);
    expect(pad.next()?.code).toBe('old ab');
  });

  test('still takes what the others type', () => {
    const pad = new Converging('ann', 'one two three');
    pad.edited('ANN one two three');
    pad.next();
    pad.refused(why);
    pad.heard({ code: 'one two three BEN', userId: 'ben', base: hash('one two three') });
    expect(pad.doc).toBe('ANN one two three BEN');
    expect(pad.next()).toEqual({ code: pad.doc, userId: 'ann', base: hash('one two three BEN') });
  });

  test('is not what a refusal was about if nothing was sent', () => {
    const pad = new Converging('ann', 'old');
    expect(pad.refused(why)).toBe(false);
    expect(pad.obstacle).toBeNull();
  });
});

describe('a text that is too long', () => {
  const most = 512 * 1024;
  test.each([
    ['of as many bytes as the server keeps', 'x'.repeat(most), true],
    ['of one more', 'x'.repeat(most + 1), false],
    ['of fewer characters, but more bytes', 'é'.repeat(most / 2 + 1), false],
    ['that is too long only when it is quoted', '\n'.repeat(most), false],
  ])('is held back: %s', (_, text, isSent) => {
    const pad = new Converging('ann', '');
    pad.edited(text);
    expect(pad.next() !== null).toBe(isSent);
    expect(pad.obstacle?.code).toBe(isSent ? undefined : 'CODE_TOO_LARGE');
  });

  test('is sent when it has been shortened, after a dropped connection too', () => {
    const pad = new Converging('ann', 'old');
    pad.edited('x'.repeat(most + 1));
    expect(pad.next()).toBeNull();
    pad.back('old');
    expect(pad.next()).toBeNull();
    pad.edited('short');
    expect(pad.obstacle).toBeNull();
    expect(pad.next()?.code).toBe('short');
  });

  test('is not mended with, but said not to be kept', () => {
    const pad = new Converging('ann', 'm');
    pad.heard({ code: `${'a'.repeat(most / 2)} m`, userId: 'ben', base: hash('m') });
    pad.heard({ code: `m ${'b'.repeat(most / 2)}`, userId: 'cem', base: hash('m') });
    expect(pad.doc.length).toBeGreaterThan(most);
    expect(pad.repair()).toBeNull();
    expect(pad.obstacle?.code).toBe('CODE_TOO_LARGE');
  });
});

describe('merging', () => {
  test.each(Array.from({ length: 200 }, (_, seed) => seed))('a change alone is that change (%i)', (seed) => {
    const next = random(seed + 1);
    const word = () => ['let', ' ', 'x', '=', '1', '\n', 'é', '😀'][Math.floor(next() * 8)]!;
    const text = () => Array.from({ length: Math.floor(next() * 12) }, word).join('');
    const [base, other] = [text(), text()];
    expect(merge(base, other, base, 'a').text).toBe(other);
    expect(merge(base, base, other, 'a').text).toBe(other);
    expect(merge(base, other, other, 'a').text).toBe(other);
    const edit = change(base, other);
    const applied = edit ? base.slice(0, edit.from) + edit.insert + base.slice(edit.to) : base;
    expect(applied).toBe(other);
  });
});
