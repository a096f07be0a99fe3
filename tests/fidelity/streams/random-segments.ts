// Segments that nobody sends, but near to what somebody sends: two sides that lose, repeat, reorder and contradict themselves. Each step
// changes one thing, so that every rule about the segments before is met, and its opposite.
import { ethernet, hex, join } from '../corner-cases.ts';

/** A sequence of numbers from 0 to below 1 that begins with its seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface TimedPacket {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly bytes: Uint8Array;
}

const [FIN, SYN, RST, PSH, ACK] = [0x01, 0x02, 0x04, 0x08, 0x10];

interface End {
  readonly address: string;
  readonly port: number;
  next: number;
  /** What it has heard of the other side. */
  heard: number;
  window: number;
  scaled: boolean;
}

const bytesOf = (value: number, count: number): string =>
  (value >>> 0)
    .toString(16)
    .padStart(2 * count, '0')
    .slice(-2 * count);

interface Header {
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly length: number;
  readonly options?: string;
}

/** A frame with an IPv4 packet; no checksum is right, and nobody looks. */
function frame(
  from: End,
  to: End,
  { sequence, acknowledgment, flags, window, length, options = '' }: Header,
): Uint8Array {
  const words = 5 + options.length / 8;
  const tcp = `${bytesOf(from.port, 2)}${bytesOf(to.port, 2)}${bytesOf(sequence, 4)}${bytesOf(acknowledgment, 4)}${words.toString(16)}${bytesOf(flags, 2).slice(1)}${bytesOf(window, 2)}00000000${options}`;
  const total = 20 + tcp.length / 2 + length;
  const ip = hex(`4500${bytesOf(total, 2)}0001000040060000${from.address}${to.address}`);
  return ethernet('0800', join(ip, hex(tcp), new Uint8Array(length).fill(0xee)));
}

/** `count` packets of a few connections at a time. */
export function randomSegments(seed: number, count: number): TimedPacket[] {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const chance = (share: number): boolean => random() < share;
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const start = (): number => (chance(0.3) ? oneOf([0, 1, 0xffff_ff00, 0x7fff_ff00]) : below(2 ** 32));
  const pair = (n: number): [End, End] => [
    { address: '0a000001', port: 1000 + n, next: start(), heard: 0, window: 500, scaled: false },
    { address: chance(0.5) ? '0a000002' : '0a000001', port: 80, next: start(), heard: 0, window: 500, scaled: false },
  ];
  const pairs = Array.from({ length: 6 }, (_, n) => pair(n));
  const packets: TimedPacket[] = [];
  let time = 1_000_000_000_000;
  const sizes = [0, 0, 0, 0, 1, 1, 2, 10, 100, 100, 100, 500];
  while (packets.length < count) {
    time += oneOf([1_000, 50_000, 400_000, 2_000_000, 5_000_000, 30_000_000, 300_000_000]);
    const ends = oneOf(pairs);
    const [from, to] = chance(0.5) ? ends : [ends[1], ends[0]];
    let flags = ACK;
    let options = '';
    const what = random();
    if (what < 0.05) {
      flags = chance(0.5) ? SYN : SYN | ACK;
      if (chance(0.5)) from.next = start();
      options = oneOf(['', '020405b4', `010303${bytesOf(oneOf([0, 2, 7, 14, 15]), 1)}`, '01010402']);
    } else if (what < 0.07) flags |= FIN;
    else if (what < 0.09) flags = chance(0.5) ? RST : RST | ACK;
    else if (what < 0.2) flags |= PSH;
    else if (what < 0.24) {
      const edge = from.heard + below(300);
      options = `0101050a${bytesOf(edge, 4)}${bytesOf(edge + below(300), 4)}`;
    }
    if (chance(0.12)) from.window = oneOf([0, 0, 100, 500, 500, 1000, 65_535]);
    // Mostly all that was sent is acknowledged, or the same again; sometimes a part, or what nobody sent.
    if (chance(0.5)) from.heard = chance(0.85) ? to.next : to.next + oneOf([-200, -100, -1, 1, 100, 1000]);
    const length = oneOf(sizes);
    const sequence = chance(0.75) ? from.next : from.next + oneOf([-500, -200, -100, -100, -2, -1, -1, 1, 100, 200]);
    const acknowledgment = (flags & ACK) === 0 && chance(0.8) ? 0 : from.heard;
    const header = {
      sequence: sequence >>> 0,
      acknowledgment: acknowledgment >>> 0,
      flags,
      window: from.window,
      length,
      options,
    };
    packets.push({
      seconds: Math.floor(time / 1e9),
      nanoseconds: time % 1e9,
      bytes: frame(from, to, header),
    });
    const end = (sequence + length + ((flags & (SYN | FIN)) === 0 ? 0 : 1)) >>> 0;
    if (((end - from.next) | 0) > 0 || (flags & SYN) !== 0) from.next = end;
  }
  return packets;
}
