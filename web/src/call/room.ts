/**
 * The call itself: signals over Socket.IO, sound and picture from peer to peer. Whoever was in the room first makes the
 * offer, and the other waits for it; when a connection is lost, whoever made the offer makes another. It draws nothing.
 */
import { io, type Socket } from 'socket.io-client';
import Peer from 'simple-peer/simplepeer.min.js';
import { type Seat, Seats } from './seats';

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
  private readonly seats = new Seats();
  private peer: InstanceType<typeof Peer> | null = null;

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
      this.seats.find([]);
      on.lost();
    });
    this.socket.on('room-joined', ({ participants }: { participants: Seat[] }) => {
      this.seats.find(participants.filter((seat) => seat.userId !== me.userId));
      this.meet();
    });
    this.socket.on('user-joined', (seat: Seat) => {
      if (seat.userId !== me.userId && this.seats.add(seat, this.peer?.connected ?? false)) this.meet();
    });
    this.socket.on('user-left', ({ socketId }: Seat) => {
      if (this.seats.remove(socketId)) this.meet();
    });
    this.socket.on('offer', ({ offer, from }: { offer: Signal; from: string }) => this.accept(offer, from));
    this.socket.on('answer', ({ answer, from }: { answer: Signal; from: string }) => this.take(answer, from));
    this.socket.on('ice-candidate', ({ candidate, from }: { candidate: unknown; from: string }) => this.take({ type: 'candidate', candidate }, from));
    this.socket.on('error', ({ code, details }: { code: string; details?: { to?: string } | null }) => {
      // A signal to somebody who has just left concerns nobody any more.
      if (!details?.to) on.refused(code);
    });
  }

  /** Leaves for good. */
  leave(): void {
    this.part();
    this.socket.emit('leave-room', { roomId: this.me.roomId, userId: this.me.userId });
    this.socket.disconnect();
  }

  /** Begins anew with whom the call is to be with. */
  private meet(): void {
    this.part();
    const seat = this.seats.inUse;
    if (!seat) return this.on.waiting();
    this.on.meeting(seat.userName);
    if (this.seats.isOffering) this.connect(seat, true);
  }

  private connect(seat: Seat, initiator: boolean): InstanceType<typeof Peer> {
    const to = seat.socketId;
    const peer = new Peer({ initiator, stream: this.stream, config: { iceServers: this.servers } });
    peer.on('signal', (signal: Signal) => {
      if (signal.type === 'offer') this.socket.emit('offer', { offer: signal, to });
      else if (signal.type === 'answer') this.socket.emit('answer', { answer: signal, to });
      else if (signal.candidate) this.socket.emit('ice-candidate', { candidate: signal.candidate, to });
    });
    peer.on('stream', (stream: MediaStream) => this.on.stream(stream));
    // What went wrong changes nothing: the line is closed after it.
    peer.on('error', () => undefined);
    peer.on('close', () => {
      if (this.peer !== peer) return;
      this.peer = null;
      this.on.lost();
      if (initiator && this.socket.connected) this.connect(seat, true);
    });
    this.peer = peer;
    return peer;
  }

  /** An offer begins the call anew. One of somebody else is taken only by who is in no call. */
  private accept(offer: Signal, from: string): void {
    if (from !== this.seats.inUse?.socketId && (this.peer || !this.seats.turnTo(from))) return this.seats.passOver(from);
    const seat = this.seats.inUse!;
    this.part();
    this.on.meeting(seat.userName);
    this.connect(seat, false).signal(offer as never);
  }

  private take(signal: Signal, from: string): void {
    if (from === this.seats.inUse?.socketId) this.peer?.signal(signal as never);
  }

  private part(): void {
    const peer = this.peer;
    this.peer = null;
    peer?.destroy();
  }
}
