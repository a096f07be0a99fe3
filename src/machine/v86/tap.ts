// The guest's tcpdump, as frames with the names of their interfaces. LINUX_SLL2 carries only the interface's number, and
// the kernel's report that names it may come a moment after the first packet: such packets wait for it, in order.
import { LinkType } from '../../capture/link-type.ts';
import { type CapturedPacket, secondsOf } from '../../capture/captured-packet.ts';
import { PcapStream } from '../../capture/pcap-stream.ts';
import type { KernelReport } from '../../topology/kernel-report.ts';
import type { TapBatch, TapFrame } from '../machine.ts';

// SLL2 header (LINKTYPE_LINUX_SLL2): protocol 2, reserved 2, interface index 4, ARPHRD 2, packet type 1, address length 1, address 8
const headerBytes = 20;
const packetOutgoing = 4;
const longestWaitForName = 600;
const pcapHeaderBytes = 24;
const flushMark = 'lockstep-flush-';

export class Tap {
  /** The file header that the stream began with. */
  header = new Uint8Array();
  readonly #emit: (batch: TapBatch) => void;
  #stream = new PcapStream();
  readonly #names = new Map<number, string>();
  #waiting: CapturedPacket[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #flushes = new Map<string, () => void>();
  #nextFlush = 1;
  #lastArrival = 0;

  constructor(emit: (batch: TapBatch) => void) {
    this.#emit = emit;
  }

  receive(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#lastArrival = performance.now();
    if (this.header.length < pcapHeaderBytes) {
      const joined = new Uint8Array([...this.header, ...bytes.subarray(0, pcapHeaderBytes - this.header.length)]);
      this.header = joined;
    }
    this.#waiting.push(...this.#stream.push(bytes));
    let lost = 0;
    if (this.#stream.error !== null) {
      // Bytes went missing: what follows is readable again from the capture's next start.
      console.warn(`tap: ${this.#stream.error.message}`);
      this.#stream = new PcapStream();
      lost = 1;
    }
    this.#hand(lost);
  }

  /** The names that the kernel gives its interfaces now; numbers are not used again while the machine runs. */
  learn(report: KernelReport): void {
    const root = report.namespaces.find((namespace) => namespace.pid === 1);
    for (const link of root?.links ?? []) this.#names.set(link.ifindex, link.ifname);
    if (this.#waiting.length > 0) this.#hand(0);
  }

  /** Resolves when a mark that goes through the guest's loopback, behind everything before it, has come out here. */
  async flush(send: (token: string) => void): Promise<void> {
    const token = `${flushMark}${this.#nextFlush++}`;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearInterval(timer);
        this.#flushes.delete(token);
        resolve();
      };
      const started = performance.now();
      // A guest whose loopback is down or filtered cannot send the mark: then silence has to do.
      const timer = setInterval(() => {
        const now = performance.now();
        if (now - started > 3000 && now - Math.max(this.#lastArrival, started) > 500) done();
        else if (now - started > 20_000) done();
      }, 100);
      this.#flushes.set(token, done);
      send(token);
    });
    this.#hand(0, true);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    for (const done of [...this.#flushes.values()]) done();
  }

  #hand(lost: number, all = false): void {
    clearTimeout(this.#timer);
    const frames: TapFrame[] = [];
    let count = 0;
    for (const packet of this.#waiting) {
      const view = new DataView(packet.bytes.buffer, packet.bytes.byteOffset, packet.bytes.byteLength);
      const readable = packet.linkType === LinkType.LINUX_SLL2 && packet.bytes.length >= headerBytes;
      const ifindex = readable ? view.getUint32(4) : 0;
      const name = this.#names.get(ifindex);
      if (name === undefined && readable && !all) break;
      count++;
      if (!readable || this.#isMark(packet)) continue;
      frames.push({
        time: secondsOf(packet),
        ifindex,
        device: name ?? `if${ifindex}`,
        direction: view.getUint8(10) === packetOutgoing ? 'out' : 'in',
        linkType: packet.linkType,
        bytes: packet.bytes,
        originalLength: packet.originalLength,
      });
    }
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#hand(0, true), longestWaitForName);
    if (frames.length > 0 || lost > 0) this.#emit({ frames, lost });
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
