/** A server that refuses to mark the session as begun or ended. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Refused } from './api';
import { Marking } from './marking';

const refused = (code: string) => new Refused(400, code, 'no');
const start = vi.fn<(at: Date) => Promise<unknown>>();
const end = vi.fn<(at: Date) => Promise<{ duration: number }>>();
let marking: Marking;
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  start.mockReset().mockResolvedValue({});
  end.mockReset().mockResolvedValue({ duration: 5 });
  marking = new Marking({ start, end });
});
afterEach(() => void vi.useRealTimers());

describe('the begin', () => {
  test('is marked; that the other was faster is no refusal', async () => {
    expect(await marking.begin()).toBeNull();
    start.mockRejectedValue(refused('SESSION_ALREADY_STARTED'));
    expect(await marking.begin()).toBeNull();
  });

  test.each([
    [refused('RATE_LIMITED'), 'That was a lot at once.'],
    [new TypeError('failed to fetch'), 'The server cannot be reached.'],
  ])('is told in words when it cannot be marked (%s)', async (error, words) => {
    start.mockRejectedValue(error);
    expect(await marking.begin()).toContain(words);
  });
});

describe('the end', () => {
  test('of a call that never took place is not marked', async () => {
    expect(await marking.end()).toEqual({ text: 'You have left the call.', isMarked: true });
    expect(end).not.toHaveBeenCalled();
  });

  test('says how long the call took, or that the other ended it before', async () => {
    await marking.begin();
    expect(await marking.end()).toEqual({ text: 'It took 5 minutes.', isMarked: true });
    end.mockRejectedValue(refused('SESSION_ALREADY_ENDED'));
    expect(await marking.end()).toEqual({ text: 'You have left the call.', isMarked: true });
  });

  test('is told in words when it cannot be marked, and tried again with the time when it was', async () => {
    await marking.begin();
    end.mockRejectedValueOnce(refused('RATE_LIMITED'));
    vi.setSystemTime(1000);
    const { text, isMarked } = await marking.end();
    expect(text).toContain('could not be marked as ended. That was a lot at once.');
    expect(isMarked).toBe(false);
    vi.setSystemTime(60_000);
    expect((await marking.end()).isMarked).toBe(true);
    expect(end).toHaveBeenLastCalledWith(new Date(1000));
  });

  test('marks the begin first if that was refused', async () => {
    start.mockRejectedValueOnce(refused('RATE_LIMITED'));
    await marking.begin();
    vi.setSystemTime(1000);
    expect((await marking.end()).isMarked).toBe(true);
    expect(start).toHaveBeenLastCalledWith(new Date(0));
    start.mockRejectedValue(refused('INTERNAL_ERROR'));
    const other = new Marking({ start, end });
    await other.begin();
    expect((await other.end()).text).toContain('could not be marked as ended. The server refused: no (INTERNAL_ERROR).');
  });
});
