/**
 * Who else is in the room, and with whom of them the call is. Somebody with two windows has two seats. A call that runs is
 * left alone, whoever comes; when its seat is left, it goes on with another: one of the same person, if there is one.
 *
 * The session is between two. An admin who is there talks to one of them only while the other is away: when they come
 * back, they have their place again.
 */
export interface Seat {
  socketId: string;
  userId: string;
  userName: string;
  userRole: string;
}

const isAdmin = (seat: Seat): boolean => seat.userRole === 'admin';

export class Seats {
  private others: Seat[] = [];
  private current: Seat | null = null;
  /** Seats that make the offer: those which were taken when we came. */
  private offering = new Set<string>();
  /** The one whom the session is with, once they have been met. */
  private partner: string | null = null;

  /** The seat that the call is with. */
  get inUse(): Seat | null {
    return this.current;
  }

  /** Whether the offer is ours to make. */
  get isOffering(): boolean {
    return this.current !== null && !this.offering.has(this.current.socketId);
  }

  /** Those who are there when we come, in the order in which they came. */
  find(others: Seat[]): void {
    this.others = others;
    this.offering = new Set(others.map(({ socketId }) => socketId));
    this.use(this.next());
  }

  /** Somebody has come; returns whether the call is to be with them now. */
  add(seat: Seat, isRunning: boolean): boolean {
    this.others = [...this.others.filter(({ socketId }) => socketId !== seat.socketId), seat];
    this.offering.delete(seat.socketId);
    const isTheirs = this.current?.userId === seat.userId;
    const isBack = this.current !== null && isAdmin(this.current) && seat.userId === this.partner;
    const isNext = this.current === null || (isTheirs && !isRunning) || isBack;
    if (isNext) this.use(seat);
    return isNext;
  }

  /** Somebody has left; returns whether the call was with them. */
  remove(socketId: string): boolean {
    this.others = this.others.filter((seat) => seat.socketId !== socketId);
    if (this.current?.socketId !== socketId) return false;
    this.use(this.next());
    return true;
  }

  /** The call is to be with this one; returns whether they are there. */
  turnTo(socketId: string): boolean {
    const seat = this.others.find((other) => other.socketId === socketId);
    if (seat) this.use(seat);
    return seat !== undefined;
  }

  /** An offer was passed over: whoever made it waits, and makes no other. */
  passOver(socketId: string): void {
    this.offering.delete(socketId);
  }

  private next(): Seat | null {
    return this.others.findLast(({ userId }) => userId === this.partner) ?? this.others.findLast((seat) => !isAdmin(seat)) ?? this.others.at(-1) ?? null;
  }

  private use(seat: Seat | null): void {
    this.current = seat;
    if (seat && !isAdmin(seat)) this.partner = seat.userId;
  }
}
