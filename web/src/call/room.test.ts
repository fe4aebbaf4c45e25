/** Rooms in which people come and go, with a socket and peers that are made up. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Room } from './room';

const { FakePeer, socket } = vi.hoisted(() => {
  class FakePeer {
    static all: FakePeer[] = [];
    connected = false;
    isDestroyed = false;
    signals: unknown[] = [];
    private readonly listeners = new Map<string, (value: unknown) => void>();
    constructor(readonly options: { initiator: boolean }) {
      FakePeer.all.push(this);
    }
    on(event: string, listener: (value: unknown) => void): void {
      this.listeners.set(event, listener);
    }
    emit(event: string, value?: unknown): void {
      this.listeners.get(event)?.(value);
    }
    signal(signal: unknown): void {
      this.signals.push(signal);
    }
    destroy(): void {
      this.isDestroyed = true;
      this.connected = false;
      this.emit('close');
    }
  }
  const listeners = new Map<string, (value: unknown) => void>();
  const socket = {
    connected: true,
    active: true,
    sent: [] as [string, { to?: string }][],
    on: (event: string, listener: (value: never) => void) => listeners.set(event, listener as (value: unknown) => void),
    emit: (event: string, data: { to?: string }) => socket.sent.push([event, data]),
    disconnect: () => undefined,
    /** The server says something. */
    says: (event: string, data?: unknown) => listeners.get(event)?.(data),
  };
  return { FakePeer, socket };
});
vi.mock('socket.io-client', () => ({ io: () => socket }));
vi.mock('simple-peer/simplepeer.min.js', () => ({ default: FakePeer }));

const seat = (socketId: string, userId: string, userRole = 'psychologist') => ({ socketId, userId, userName: userId, userRole });
const jane = seat('jane 1', 'jane');
const janeAgain = seat('jane 2', 'jane');
const admin = seat('admin 1', 'ops', 'admin');

let told: string[];
let room: Room;
beforeEach(() => {
  FakePeer.all = [];
  socket.sent = [];
  told = [];
  const me = { roomId: 'room', userId: 'ann', userName: 'Ann', userRole: 'client' };
  room = new Room('token', me, {} as MediaStream, [], {
    waiting: () => told.push('waiting'),
    meeting: (name) => told.push(`meeting ${name}`),
    stream: () => told.push('stream'),
    lost: () => told.push('lost'),
    refused: (code) => told.push(`refused ${code}`),
  });
});

/** Peers that stand. */
const peers = () => FakePeer.all.filter((peer) => !peer.isDestroyed);
/** To whom the newest peer speaks, and whether it makes the offer. */
function call(): { to: string | undefined; isOffer: boolean } {
  expect(peers().length).toBe(1);
  const [peer] = peers();
  socket.sent = [];
  peer!.emit('signal', { type: 'offer' });
  return { to: socket.sent[0]![1].to, isOffer: peer!.options.initiator };
}
/** A call of Ann, who was first, with Jane. */
function running(): InstanceType<typeof FakePeer> {
  socket.says('room-joined', { participants: [] });
  socket.says('user-joined', jane);
  const peer = peers()[0]!;
  peer.connected = true;
  told = [];
  return peer;
}

describe('a call that runs', () => {
  test.each([
    ['an admin comes', admin],
    ['the other opens a second window', janeAgain],
  ])('is left alone when %s, and goes', (_, other) => {
    const peer = running();
    socket.says('user-joined', other);
    socket.says('offer', { offer: {}, from: other.socketId });
    socket.says('ice-candidate', { candidate: {}, from: other.socketId });
    socket.says('user-left', other);
    expect(peers()).toEqual([peer]);
    expect(peer.signals).toEqual([]);
    expect(told).toEqual([]);
  });

  test('goes on with the other window of the same person when its own is closed', () => {
    running();
    socket.says('user-joined', janeAgain);
    socket.says('user-joined', admin);
    socket.says('user-left', jane);
    expect(call()).toEqual({ to: 'jane 2', isOffer: true });
    expect(told).toEqual(['meeting jane']);
  });

  test('goes on with somebody else who is there', () => {
    running();
    socket.says('user-joined', admin);
    socket.says('user-left', jane);
    expect(call()).toEqual({ to: 'admin 1', isOffer: true });
  });

  test('is over when nobody is left', () => {
    running();
    socket.says('user-left', jane);
    expect(peers()).toEqual([]);
    expect(told).toEqual(['waiting']);
  });

  test('is offered anew when the line breaks', () => {
    running().destroy();
    expect(call()).toEqual({ to: 'jane 1', isOffer: true });
    expect(told).toEqual(['lost']);
  });
});

describe('who comes back', () => {
  test.each([
    ['has left before', ['user-left', 'user-joined']],
    ['leaves only then', ['user-joined', 'user-left']],
  ])('is met again when the old window %s', (_, events) => {
    running();
    for (const event of events) socket.says(event, event === 'user-left' ? jane : janeAgain);
    expect(call()).toEqual({ to: 'jane 2', isOffer: true });
  });

  test('is met at once when the line to their old window does not stand', () => {
    running().connected = false;
    socket.says('user-joined', janeAgain);
    expect(call()).toEqual({ to: 'jane 2', isOffer: true });
  });

  test('takes their place from an admin who stood in', () => {
    running();
    socket.says('user-joined', admin);
    socket.says('user-left', jane);
    peers()[0]!.connected = true;
    socket.says('user-joined', janeAgain);
    expect(call()).toEqual({ to: 'jane 2', isOffer: true });
  });
});

describe('who comes second', () => {
  test('waits for the offer, of whoever makes it', () => {
    socket.says('room-joined', { participants: [jane, admin, seat('ann 0', 'ann', 'client')] });
    expect(told).toEqual(['meeting jane']);
    expect(peers()).toEqual([]);
    socket.says('offer', { offer: { type: 'offer' }, from: 'admin 1' });
    expect(call()).toEqual({ to: 'admin 1', isOffer: false });
    expect(peers()[0]!.signals).toEqual([{ type: 'offer' }]);
  });

  test('takes a second offer after a line that broke', () => {
    socket.says('room-joined', { participants: [jane] });
    socket.says('offer', { offer: { type: 'offer' }, from: 'jane 1' });
    peers()[0]!.destroy();
    expect(peers()).toEqual([]);
    socket.says('offer', { offer: { type: 'offer' }, from: 'jane 1' });
    expect(call()).toEqual({ to: 'jane 1', isOffer: false });
  });

  test('makes the offer to whoever made one that was passed over', () => {
    socket.says('room-joined', { participants: [jane, janeAgain] });
    for (const { socketId } of [jane, janeAgain]) socket.says('offer', { offer: { type: 'offer' }, from: socketId });
    expect(call()).toEqual({ to: 'jane 1', isOffer: false });
    socket.says('user-left', jane);
    expect(call()).toEqual({ to: 'jane 2', isOffer: true });
  });
});

describe('a refusal', () => {
  test('of a signal to somebody who has just left ends nothing', () => {
    const peer = running();
    socket.says('error', { code: 'PERMISSION_DENIED', message: 'no', details: { to: 'jane 1' } });
    expect(peers()).toEqual([peer]);
    expect(told).toEqual([]);
  });

  test('of anything else is told', () => {
    socket.says('error', { code: 'ROOM_FULL', message: 'no', details: { roomId: 'room' } });
    socket.says('error', { code: 'PERMISSION_DENIED', message: 'no', details: null });
    expect(told).toEqual(['refused ROOM_FULL', 'refused PERMISSION_DENIED']);
  });
});

test('who leaves says so, and ends the line', () => {
  const peer = running();
  room.leave();
  expect(peer.isDestroyed).toBe(true);
  expect(socket.sent.at(-1)).toEqual(['leave-room', { roomId: 'room', userId: 'ann' }]);
  expect(told).toEqual([]);
});
