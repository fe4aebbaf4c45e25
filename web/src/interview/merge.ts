/**
 * Three texts become one: what two people made of the same text. Both changes are kept wherever they do not touch the
 * same words; where they do, one of the two stands, and the other is reported, so that a page can say so.
 *
 * All pads merge the same texts in the same order, so this must depend on nothing but its arguments.
 */
import { diff3Merge } from 'node-diff3';

/** Words of which only one could stand. */
export interface Conflict {
  /** What stands. */
  kept: string;
  /** What does not. */
  lost: string;
}

export interface Merged {
  text: string;
  conflicts: Conflict[];
}

/** Words, single blanks and single signs: fine enough that changes on one line seldom touch. */
function tokens(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** How many characters two texts begin with alike, and end with alike after that. */
function alike(a: string, b: string): [number, number] {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return [start, end];
}

/** A place between two words, so that no word is cut in two. */
function between(text: string, at: number, step: 1 | -1): number {
  const isWord = (index: number) => /[\p{L}\p{N}_\uD800-\uDFFF]/u.test(text[index] ?? ' ');
  let place = at;
  while (place > 0 && place < text.length && isWord(place - 1) && isWord(place)) place += step;
  return place;
}

/** Merges `a` and `b`, which were both made of `base`; where both changed the same words, those of `prefer` stand. */
export function merge(base: string, a: string, b: string, prefer: 'a' | 'b'): Merged {
  if (a === b || b === base) return { text: a, conflicts: [] };
  if (a === base) return { text: b, conflicts: [] };
  // What is alike in all three needs no looking at.
  const [startA, endA] = alike(base, a);
  const [startB, endB] = alike(base, b);
  let start = between(base, Math.min(startA, startB), -1);
  const rest = Math.min(endA, endB, Math.min(base.length, a.length, b.length) - start);
  const endOfBase = between(base, base.length - rest, 1);
  const end = base.length - endOfBase;
  const middle = (text: string) => tokens(text.slice(start, text.length - end));
  const conflicts: Conflict[] = [];
  const parts = diff3Merge(middle(a), middle(base), middle(b)).map((region) => {
    if (region.ok) return region.ok.join('');
    const [mine, theirs, old] = [region.conflict!.a.join(''), region.conflict!.b.join(''), region.conflict!.o.join('')];
    // Two who wrote at one place wrote one after the other.
    if (old === '') return mine + theirs;
    if (mine === '' || theirs === '') return mine + theirs;
    const [kept, lost] = prefer === 'a' ? [mine, theirs] : [theirs, mine];
    conflicts.push({ kept, lost });
    return kept;
  });
  return { text: base.slice(0, start) + parts.join('') + base.slice(endOfBase), conflicts };
}

/** The one stretch in which a text differs from another: what an editor has to change. */
export function change(from: string, to: string): { from: number; to: number; insert: string } | null {
  if (from === to) return null;
  let [start, end] = alike(from, to);
  // Not in the middle of a character.
  if (start > 0 && /[\uD800-\uDBFF]/.test(from[start - 1]!)) start -= 1;
  if (end > 0 && /[\uDC00-\uDFFF]/.test(from[from.length - end]!)) end -= 1;
  return { from: start, to: from.length - end, insert: to.slice(start, to.length - end) };
}
