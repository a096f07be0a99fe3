// Puts what several machines and wires saw into an order in which nothing comes before what it came from. A wire tells of a
// frame at once, the taps of the machines at both ends a few ms later: a frame waits until its sender has told of it, and
// what came in at a NIC until the frame has gone before it. Only for a moment: a tap may have missed it.
//
// When a machine's tap saw something is known to a millisecond or so (guest/guest-clock.ts). So what comes later in this order is
// never told of as earlier: not than what it came from, nor than what its machine saw before.
import { append } from '../basics/append.ts';
import { type Hop, WIRE } from '../hop/hop.ts';
import { identityOf } from '../hop/identity.ts';

/** ms */
export const PATIENCE = 200;
/** Packets that NICs sent, of which no wire has told yet; and the other way round. */
const MOST_SENT = 4096;
/** Hops that wait: nothing is to pile up. */
const MOST_WAITING = 2048;
/** In a flood no order can be seen, and who is who costs more than all the rest: so many in so many ms are told as they come. */
const FLOOD = 300;
const FLOOD_TIME = 100;

interface Waiting<H> {
  readonly hop: H;
  readonly since: number;
  /** The how manieth it came. */
  readonly order: number;
  /** The packet and the wire; "" where it needs to wait for nothing. */
  readonly key: string;
  /** The machine that tells of it, or of a frame the one that sent it. */
  readonly machine: string;
}

export class CauseOrder<H extends Hop & { time: number }> {
  readonly #wireOf: (hop: H) => string | undefined;
  /** What each machine and each wire told of, in its own order. */
  readonly #queues = new Map<string, Waiting<H>[]>();
  /** Frames of wires that wait: who sent them, by key. */
  readonly #frames = new Map<string, string[]>();
  /** By machine and key: sent, and not yet told of by the wire; and when, seconds. */
  readonly #sent = new Map<string, number>();
  /** By key: when a wire told of it last, seconds. */
  readonly #wired = new Map<string, number>();
  /** By machine or wire: the time of what it told of last. */
  readonly #latest = new Map<string, number>();
  /** The same: told of by the wire before its sender did. What that one says of it later speaks for no other frame. */
  readonly #early = new Map<string, number>();
  #next = 0;
  #size = 0;
  /** Of NICs and wires, since #since, ms. */
  #lately = 0;
  #since = 0;
  /** The ms before that were a flood. */
  #isFlooded = false;

  /** @param wireOf the wire that a machine's hop was sent to or came from, if its device is plugged into one */
  constructor(wireOf: (hop: H) => string | undefined) {
    this.#wireOf = wireOf;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * @param now ms
   * @param sender of a wire's frame: the machine that sent it; left out when nobody there will tell of it
   */
  push(hop: H, now: number, sender?: string): void {
    const onWire = hop.machine === WIRE;
    const machine = onWire ? sender : hop.machine;
    const wire = onWire ? hop.device : this.#wireOf(hop);
    const matters = wire !== undefined && machine !== undefined && !this.#isFlood(now);
    const key = matters ? `${wire} ${identityOf(hop).key}` : '';
    if (onWire && matters && machine !== undefined) {
      append(this.#frames, key, machine);
    }
    const name = onWire ? `wire ${hop.device}` : `machine ${hop.machine}`;
    const waiting = { hop, since: now, order: this.#next++, key, machine: machine ?? '' };
    append(this.#queues, name, waiting);
    this.#size += 1;
  }

  /** The next one whose turn it is; undefined when all that is there has to wait. Infinity: nothing has to. */
  take(now: number): H | undefined {
    let first: Waiting<H>[] | undefined;
    let earliest = Infinity;
    for (const queue of this.#queues.values()) {
      const [head] = queue;
      if (head === undefined || head.order >= earliest || !this.#isFree(head, now)) continue;
      first = queue;
      earliest = head.order;
    }
    const taken = first?.shift();
    if (taken !== undefined) this.#gone(taken);
    return taken?.hop;
  }

  clear(): void {
    this.#queues.clear();
    this.#frames.clear();
    for (const map of [this.#sent, this.#early, this.#wired, this.#latest]) map.clear();
    this.#size = 0;
  }

  /** Counts one more. What follows a flood at once is one too, until so many ms had fewer. */
  #isFlood(now: number): boolean {
    if (now - this.#since > FLOOD_TIME) {
      this.#isFlooded = this.#lately > FLOOD && now - this.#since < 2 * FLOOD_TIME;
      this.#lately = 0;
      this.#since = now;
    }
    this.#lately++;
    return this.#isFlooded || this.#lately > FLOOD;
  }

  #isFree({ hop, since, key, machine }: Waiting<H>, now: number): boolean {
    if (key === '' || now - since >= PATIENCE || this.#size > MOST_WAITING) return true;
    if (hop.machine === WIRE) return this.#sent.has(`${machine} ${key}`);
    // What it sent itself is not what came in: a router may send a packet out where it came from.
    return hop.direction === 'out' || !(this.#frames.get(key)?.some((sender) => sender !== machine) ?? false);
  }

  #gone({ hop, key, machine }: Waiting<H>): void {
    this.#size -= 1;
    const own = `${machine} ${key}`;
    const onWire = hop.machine === WIRE;
    const teller = onWire ? `wire ${hop.device}` : machine;
    const cause =
      key === '' ? undefined : onWire ? this.#sent.get(own) : hop.direction === 'in' ? this.#wired.get(key) : undefined;
    hop.time = Math.max(hop.time, this.#latest.get(teller) ?? hop.time, cause ?? hop.time);
    this.#latest.set(teller, hop.time);
    if (key === '') return;
    const waiting = this.#frames.get(key) ?? [];
    if (onWire) {
      note(this.#wired, key, hop.time);
      if (!this.#sent.delete(own)) note(this.#early, own, hop.time);
      if (waiting.length > 1) waiting.splice(waiting.indexOf(machine), 1);
      else this.#frames.delete(key);
    } else if (hop.direction === 'out' && (waiting.includes(machine) || !this.#early.delete(own)))
      note(this.#sent, own, hop.time);
  }
}

/** Half of them are forgotten at a time. */
function note(times: Map<string, number>, name: string, time: number): void {
  times.delete(name);
  times.set(name, time);
  if (times.size > MOST_SENT) for (const old of [...times.keys()].slice(0, MOST_SENT / 2)) times.delete(old);
}
