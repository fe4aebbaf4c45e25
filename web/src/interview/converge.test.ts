/** Pads that talk through a server which keeps the last message and tells all of them in one order. */
import { describe, expect, test } from 'vitest';
import { Converging, type Message } from './converge';
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
