// The guest's tcpdump, as frames with the names of their interfaces. LINUX_SLL2 carries only the interface's number, and
// the kernel's report that names it may come a moment after the first packet: such packets wait for it, in order.

import { type CapturedPacket, secondsOf } from '../capture/captured-packet.ts';
import { LinkType } from '../capture/link-type.ts';
import { PcapStream } from '../capture/pcap-stream.ts';
import type { KernelReport } from '../topology/kernel-report.ts';
import type { TapBatch, TapFrame, TapLoss } from './guest.ts';
import { GuestClock } from './guest-clock.ts';
import { GuestTimers } from './guest-timers.ts';

// SLL2 header (LINKTYPE_LINUX_SLL2): protocol 2, reserved 2, interface index 4, ARPHRD 2, packet type 1, address length 1, address 8
const headerBytes = 20;
const ifindexAt = 4;
const packetTypeAt = 10;
const packetOutgoing = 4;
/** ms of the machine: while it is frozen, its kernel cannot report the name. */
const longestWaitForName = 600;
// Whoever makes up a new interface for every packet gets no more memory than this; a packet has its price however short.
const mostWaiting = 64 * 1024 * 1024;
const priceOf = ({ packet }: Waiting): number => packet.bytes.length + 256;
const flushMark = 'lockstep-flush-';
/** ms of the machine. */
const lookEvery = 100;

interface Waiting {
  readonly packet: CapturedPacket;
  /** Seconds of the lab. */
  readonly time: number;
}

export class Tap {
  readonly #emit: (batch: TapBatch) => void;
  readonly #timers: GuestTimers;
  readonly #clock: GuestClock;
  readonly #stream = new PcapStream();
  readonly #names = new Map<number, string>();
  #waiting: Waiting[] = [];
  /** Bytes, about. */
  #waitingSize = 0;
  /** The packet that all others wait behind, and how long that may go on. */
  #first: Waiting | undefined;
  #forget: (() => void) | undefined;
  readonly #flushes = new Map<string, () => void>();
  #nextFlush = 1;
  #arrivals = 0;
  /** When the packet was seen that came out last; seconds since the epoch. */
  #latest: number | undefined;
  readonly #came: (count: number, first: number) => void;

  /** @param came is told how many packets have come out, and the time of the first of them */
  constructor(
    emit: (batch: TapBatch) => void,
    timers: GuestTimers = new GuestTimers(),
    clock = new GuestClock(),
    came: (count: number, first: number) => void = () => {},
  ) {
    this.#emit = emit;
    this.#came = came;
    this.#clock = clock;
    this.#timers = timers;
  }

  /** The pcap file header that the stream goes on from; empty until it has arrived. */
  get header(): Uint8Array {
    return this.#stream.header;
  }

  /** @param cameOut when the guest gave these bytes to the outside, seconds of the lab; left out: packets keep the guest's time */
  receive(bytes: Uint8Array, cameOut?: number): void {
    if (bytes.length === 0) return;
    this.#arrivals++;
    const { packets, lost } = this.#stream.push(bytes);
    const guest = packets.map(secondsOf);
    const times = cameOut === undefined ? guest : this.#clock.see(guest, cameOut);
    const from = this.#latest ?? times[0] ?? cameOut ?? 0;
    this.#latest = times.at(-1) ?? this.#latest;
    const losses = lost === 0 ? [] : [{ from, until: Math.max(from, cameOut ?? this.#latest ?? from), count: lost }];
    for (const [index, packet] of packets.entries()) {
      const waiting = { packet, time: times[index] ?? 0 };
      this.#waiting.push(waiting);
      this.#waitingSize += priceOf(waiting);
    }
    this.#hand(losses, this.#waitingSize > mostWaiting);
    if (times[0] !== undefined) this.#came(times.length, times[0]);
  }

  /** The names that the kernel gives its interfaces now; numbers are not used again while the machine runs. */
  learn(report: KernelReport): void {
    const root = report.namespaces.find((namespace) => namespace.pid === 1);
    for (const link of root?.links ?? []) this.#names.set(link.ifindex, link.ifname);
    if (this.#waiting.length > 0) this.#hand([]);
  }

  /** Resolves when a mark that goes through the guest's loopback, behind everything before it, has come out here. */
  async flush(send: (token: string) => void): Promise<void> {
    const token = `${flushMark}${this.#nextFlush++}`;
    await new Promise<void>((resolve) => {
      const done = () => {
        forget();
        this.#flushes.delete(token);
        resolve();
      };
      let waited = 0;
      let quiet = 0;
      let seen = this.#arrivals;
      // A guest whose loopback is down or filtered cannot send the mark: then silence has to do.
      const look = () => {
        waited += lookEvery;
        quiet = this.#arrivals === seen ? quiet + lookEvery : 0;
        seen = this.#arrivals;
        if ((waited > 3000 && quiet >= 500) || waited > 20_000) done();
        else forget = this.#timers.after(lookEvery, look);
      };
      let forget = this.#timers.after(lookEvery, look);
      this.#flushes.set(token, done);
      send(token);
    });
    this.#hand([], true);
  }

  dispose(): void {
    this.#forget?.();
    this.#first = undefined;
    this.#waiting = [];
    this.#waitingSize = 0;
    for (const done of [...this.#flushes.values()]) done();
  }

  #hand(lost: readonly TapLoss[], all = false): void {
    const frames: TapFrame[] = [];
    let count = 0;
    for (const waiting of this.#waiting) {
      const { packet, time } = waiting;
      const readable = packet.linkType === LinkType.LINUX_SLL2 && packet.bytes.length >= headerBytes;
      const ifindex = readable ? ifindexOf(packet) : 0;
      const name = this.#names.get(ifindex);
      if (name === undefined && readable && !all) break;
      count++;
      this.#waitingSize -= priceOf(waiting);
      if (!readable || this.#isMark(packet)) continue;
      frames.push({
        time,
        ifindex,
        device: name ?? namelessly(ifindex),
        direction: packet.bytes[packetTypeAt] === packetOutgoing ? 'out' : 'in',
        linkType: packet.linkType,
        bytes: packet.bytes,
        originalLength: packet.originalLength,
      });
    }
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
    this.#limitWait();
    if (frames.length > 0 || lost.length > 0) this.#emit({ frames, lost });
  }

  /** From when a packet began to hold up the others, however many more arrive meanwhile. */
  #limitWait(): void {
    const first = this.#waiting[0];
    if (first === this.#first) return;
    this.#forget?.();
    this.#first = first;
    if (first === undefined) return;
    this.#forget = this.#timers.after(longestWaitForName, () => {
      // An interface that came and went between two reports is never named; a report that does name it is believed.
      const ifindex = ifindexOf(first.packet);
      this.#names.set(ifindex, namelessly(ifindex));
      this.#hand([]);
    });
  }

  /** Our own marks (and the ICMP errors that quote them) are not the reader's packets. */
  #isMark(packet: CapturedPacket): boolean {
    if (packet.bytes.length > 160) return false;
    const text = String.fromCharCode(...packet.bytes.subarray(headerBytes));
    const found = /lockstep-flush-\d+/.exec(text);
    if (found === null) return false;
    this.#flushes.get(found[0])?.();
    return true;
  }
}

function ifindexOf({ bytes }: CapturedPacket): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(ifindexAt);
}

function namelessly(ifindex: number): string {
  return `if${ifindex}`;
}
