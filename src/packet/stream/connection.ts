// A TCP connection: two ends, what is known of it at every tap, and at each tap by itself.
import type { SegmentPlace } from './segment-place.ts';
import type { Tap } from './tcp-analysis.ts';
import { Side, TcpFlow } from './tcp-flow.ts';
import type { UnacknowledgedSegments } from './unacknowledged.ts';

/** Of one connection: more devices than any packet crosses. */
const MOST_TAPS = 64;

const NOWHERE = -1;

/** What one tap has seen of a connection. */
export interface TapState extends Tap {
  /** Which tap it is; NOWHERE: none yet. */
  name: number;
  readonly initiator: TcpFlow;
  readonly responder: TcpFlow;
  /** A SYN was seen here. */
  isOpened: boolean;
}

/** Used again for another pair of ends when nothing is kept of this one: a scan of ports makes as many as there are packets. */
export class Connection {
  /** 0, 1, 2 … in the order in which connections were first seen. */
  stream = 0;
  /** It began where another one had the same ends. */
  isReused = false;
  /** Another connection whose key is the same. */
  next: Connection | null = null;
  /** The end that was heard first, called the initiator. */
  readonly initiator = new Side();
  readonly responder = new Side();
  ports = 0;
  /** IPv4 addresses as numbers; 0 where they are in `addresses`. */
  source = 0;
  destination = 0;
  addresses: Uint8Array | null = null;
  readonly #segments: UnacknowledgedSegments;
  readonly #first: TapState;
  readonly #others: TapState[] = [];

  constructor(segments: UnacknowledgedSegments) {
    this.#segments = segments;
    this.#first = this.#newTap(NOWHERE);
  }

  begin(stream: number, place: SegmentPlace, isReused: boolean): void {
    const { bytes, addresses, addressLength, tcp } = place;
    this.stream = stream;
    this.isReused = isReused;
    this.ports = u32(bytes, tcp) | 0;
    this.source = addressLength === 4 ? u32(bytes, addresses) | 0 : 0;
    this.destination = addressLength === 4 ? u32(bytes, addresses + 4) | 0 : 0;
    this.addresses = addressLength === 4 ? null : bytes.slice(addresses, addresses + 32);
  }

  /** True when the end that was heard first sends this segment. */
  isForward(place: SegmentPlace): boolean {
    return (u32(place.bytes, place.tcp) | 0) === this.ports && hasAddresses(this, place, false);
  }

  tap(name: number): TapState {
    const first = this.#first;
    if (first.name === NOWHERE) first.name = name;
    if (first.name === name) return first;
    for (const tap of this.#others) if (tap.name === name) return tap;
    if (this.#others.length >= MOST_TAPS) this.#others.shift();
    const tap = this.#newTap(name);
    this.#others.push(tap);
    return tap;
  }

  /** Nothing is kept of it. */
  forget(): void {
    const { initiator, responder } = this.#first;
    initiator.reset();
    responder.reset();
    for (const tap of this.#others) {
      tap.initiator.reset();
      tap.responder.reset();
    }
    this.#others.length = 0;
    this.#first.name = NOWHERE;
    this.#first.isOpened = false;
    this.#first.synTime = -1;
    this.#first.roundTrip = 0;
    this.initiator.reset();
    this.responder.reset();
    this.next = null;
  }

  #newTap(name: number): TapState {
    return {
      name,
      initiator: new TcpFlow(this.#segments),
      responder: new TcpFlow(this.#segments),
      isOpened: false,
      synTime: -1,
      roundTrip: 0,
    };
  }
}

/** The same for both directions. Different connections may have the same, but not those of a scan from or to one port or many. */
export function connectionKey({ bytes, addresses, addressLength, tcp }: SegmentPlace): number {
  const one = u16(bytes, tcp);
  const other = u16(bytes, tcp + 2);
  let sum = Math.imul(Math.min(one, other), 0x85ebca6b) ^ Math.imul(Math.max(one, other), 0xc2b2ae35);
  for (let at = addresses; at < addresses + 2 * addressLength; at += 4) sum = (sum + u32(bytes, at)) | 0;
  // Neighbouring addresses and ports are far apart afterwards (the multiplier is the one of Knuth's hash).
  return Math.imul(sum ^ (sum >>> 15), 0x9e3779b1) >> 1;
}

export function isConnectionOf(connection: Connection, place: SegmentPlace): boolean {
  if (connection.isForward(place)) return true;
  const ports = u32(place.bytes, place.tcp);
  return ((ports << 16) | (ports >>> 16)) === connection.ports && hasAddresses(connection, place, true);
}

/** @param reversed the sender is the end that was heard second */
function hasAddresses(
  connection: Connection,
  { bytes, addresses, addressLength }: SegmentPlace,
  reversed: boolean,
): boolean {
  const one = reversed ? addresses + addressLength : addresses;
  const other = reversed ? addresses : addresses + addressLength;
  if (addressLength === 4)
    return (
      connection.addresses === null &&
      connection.source === (u32(bytes, one) | 0) &&
      connection.destination === (u32(bytes, other) | 0)
    );
  const known = connection.addresses;
  if (known === null) return false;
  for (let i = 0; i < 16; i++) if (known[i] !== bytes[one + i] || known[16 + i] !== bytes[other + i]) return false;
  return true;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
