/**
 * The call itself: signals over Socket.IO, sound and picture from peer to peer. Whoever was in the room first makes the
 * offer; when a connection is lost, both begin anew. It draws nothing.
 */
import { io, type Socket } from 'socket.io-client';
import Peer from 'simple-peer/simplepeer.min.js';

interface Seat {
  socketId: string;
  userId: string;
  userName: string;
}

type Signal = { type?: string; sdp?: string; candidate?: unknown };

export interface Me {
  roomId: string;
  userId: string;
  userName: string;
  userRole: string;
}

export interface Events {
  /** Nobody else is there. */
  waiting: () => void;
  /** Somebody is; the picture follows. */
  meeting: (name: string) => void;
  stream: (stream: MediaStream) => void;
  lost: () => void;
  refused: (code: string) => void;
}

export class Room {
  private readonly socket: Socket;
  private peer: InstanceType<typeof Peer> | null = null;
  private with: Seat | null = null;

  constructor(
    token: string,
    private readonly me: Me,
    private readonly stream: MediaStream,
    private readonly servers: RTCIceServer[],
    private readonly on: Events,
  ) {
    this.socket = io({ auth: { token } });
    this.socket.on('connect', () => this.socket.emit('join-room', me));
    this.socket.on('connect_error', (error) => {
      if (!this.socket.active) on.refused(error.message);
    });
    this.socket.on('disconnect', () => {
      this.part();
      on.lost();
    });
    this.socket.on('room-joined', ({ participants }: { participants: Seat[] }) => {
      const others = participants.filter((seat) => seat.userId !== me.userId);
      // They make the offer, as they have been told of us.
      if (others.length > 0) this.meet(others.at(-1)!, false);
      else on.waiting();
    });
    this.socket.on('user-joined', (seat: Seat) => {
      if (seat.userId !== me.userId) this.meet(seat, true);
    });
    this.socket.on('user-left', ({ socketId }: Seat) => {
      if (socketId !== this.with?.socketId) return;
      this.part();
      on.waiting();
    });
    this.socket.on('offer', ({ offer, from }: { offer: Signal; from: string }) => this.take(offer, from));
    this.socket.on('answer', ({ answer, from }: { answer: Signal; from: string }) => this.take(answer, from));
    this.socket.on('ice-candidate', ({ candidate, from }: { candidate: unknown; from: string }) => this.take({ type: 'candidate', candidate }, from));
    this.socket.on('error', ({ code }: { code: string }) => on.refused(code));
  }

  /** Leaves for good. */
  leave(): void {
    this.part();
    this.socket.emit('leave-room', { roomId: this.me.roomId, userId: this.me.userId });
    this.socket.disconnect();
  }

  private meet(seat: Seat, initiator: boolean): void {
    this.part();
    this.with = seat;
    this.on.meeting(seat.userName);
    const peer = new Peer({ initiator, stream: this.stream, config: { iceServers: this.servers } });
    const to = seat.socketId;
    peer.on('signal', (signal: Signal) => {
      if (signal.type === 'offer') this.socket.emit('offer', { offer: signal, to });
      else if (signal.type === 'answer') this.socket.emit('answer', { answer: signal, to });
      else if (signal.candidate) this.socket.emit('ice-candidate', { candidate: signal.candidate, to });
    });
    peer.on('stream', (stream: MediaStream) => this.on.stream(stream));
    // A line that breaks is made anew by whoever made the offer.
    peer.on('error', () => {
      if (this.peer === peer && initiator && this.socket.connected) this.meet(seat, true);
    });
    this.peer = peer;
  }

  private take(signal: Signal, from: string): void {
    if (!this.peer || this.with?.socketId !== from) return;
    if (signal.type === 'offer' && this.peer.connected) this.meet(this.with, false);
    this.peer.signal(signal as never);
  }

  private part(): void {
    const peer = this.peer;
    this.peer = this.with = null;
    peer?.destroy();
  }
}
