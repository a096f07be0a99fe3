// Puts fragmented IP packets together again, as the receiving Linux does: net/ipv4/ip_fragment.c, net/ipv6/reassembly.c and
// inet_frag_queue_insert() in net/ipv4/inet_fragment.c. The decoder looks at one packet alone; this remembers, and gives the
// whole packet when its last fragment arrives.
//
// - A fragment that lies within what is there already is a duplicate and dropped.
// - One that overlaps in any other way is an attack (RFC 5722): all fragments of its packet are dropped.
// - So are they when the fragments disagree about where the packet ends.
import { onesSum } from './checksum.ts';
import { dissect } from './dissect.ts';
import { formatHex } from './format.ts';
import type { Ipv4Layer } from './ipv4.ts';
import type { Ipv6Layer } from './ipv6.ts';
import type { Ipv6ExtensionLayer } from './ipv6-extension.ts';
import type { Layer } from './layer.ts';
import type { LayerBase } from './layer-base.ts';

/** A packet made of fragments. */
export interface Reassembled {
  /** From its IP header on, as if it had never been cut: length, flags and checksum are made new. */
  readonly bytes: Uint8Array;
  readonly layers: readonly Layer[];
  /** How many fragments it was made of. */
  readonly fragments: number;
}

export interface ReassemblerLimits {
  /** Bytes of fragments that are kept; the packets that have waited longest are given up. Linux: ipfrag_high_thresh, 4 MB. */
  readonly bytes?: number;
  /** Seconds after its first fragment that a packet is given up. Linux: ipfrag_time, 30 (60 for IPv6). */
  readonly seconds?: number;
}

/** LINKTYPE_IPV4 and LINKTYPE_IPV6: what dissect() calls bytes that begin with an IP header. */
const RAW_IPV4 = 228;
const RAW_IPV6 = 229;

const LARGEST_PACKET = 65_535;
const IPV6_HEADER = 40;
/** What a queue costs beside its bytes: many with nothing in them must not fill the memory either. */
const OVERHEAD = 256;
/** A tunnel's packets may be cut, and what they carry too. */
const DEEPEST = 4;

export class Reassembler {
  readonly #bytes: number;
  readonly #seconds: number;
  /** In the order in which they began. */
  readonly #queues = new Map<string, Queue>();
  #held = 0;

  constructor({ bytes = 4 << 20, seconds = 30 }: ReassemblerLimits = {}) {
    this.#bytes = bytes;
    this.#seconds = seconds;
  }

  /** Bytes that are kept for packets that are not whole yet, what keeping them costs included. */
  get held(): number {
    return this.#held;
  }

  /**
   * Takes the next packet and gives what it completes: nothing for most, one packet, or more where tunnels are cut as well as
   * what they carry.
   *
   * @param layers from dissect()
   * @param time when it was captured, in seconds
   * @param where the tap that saw it: a fragment that several taps saw is not several fragments
   */
  push(layers: readonly Layer[], time = 0, where = ''): Reassembled[] {
    const whole: Reassembled[] = [];
    let next: readonly Layer[] | null = layers;
    for (let depth = 0; next !== null && depth < DEEPEST; depth++) {
      const fragment = fragmentIn(next);
      const packet = fragment === null ? null : this.#take(fragment, time, where);
      if (packet !== null) whole.push(packet);
      next = packet?.layers ?? null;
    }
    return whole;
  }

  #take(fragment: Fragment, time: number, where: string): Reassembled | null {
    this.#expire(time);
    const key = `${where} ${fragment.key}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new Queue(time);
      this.#queues.set(key, queue);
      this.#held += OVERHEAD;
    }
    const before = queue.held;
    const verdict = queue.insert(fragment);
    this.#held += queue.held - before;
    if (verdict === 'kept') {
      this.#makeRoom();
      return null;
    }
    this.#drop(key, queue);
    return verdict === 'whole' ? queue.join() : null;
  }

  #drop(key: string, queue: Queue): void {
    this.#held -= queue.held + OVERHEAD;
    this.#queues.delete(key);
  }

  #expire(time: number): void {
    for (const [key, queue] of this.#queues) {
      if (time - queue.since < this.#seconds) return;
      this.#drop(key, queue);
    }
  }

  #makeRoom(): void {
    for (const [key, queue] of this.#queues) {
      if (this.#held <= this.#bytes) return;
      this.#drop(key, queue);
    }
  }
}

interface Fragment {
  /** The same for all fragments of a packet, and for those of no other. */
  readonly key: string;
  /** Bytes into the packet's payload. */
  readonly start: number;
  readonly payload: Uint8Array;
  readonly more: boolean;
  /** The headers before the payload, as the whole packet has them: its length is still to be written. */
  readonly head: () => Uint8Array;
}

/** The outermost fragment among the layers; null where there is none, or not all of it was captured. */
function fragmentIn(layers: readonly Layer[]): Fragment | null {
  for (const layer of layers) {
    if (layer.quotes || layer.protocol === '_ws.short' || layer.protocol === '_ws.malformed') return null;
    const isFragment = layer.protocol === 'ip' || layer.protocol === 'ipv6.fraghdr';
    if (!isFragment || !(layer.moreFragments || layer.fragmentOffset > 0)) continue;
    const isCut = layer.declaredEnd > layer.end || layer.length < layer.headerLength;
    if (isCut) return null;
    return layer.protocol === 'ip' ? ipv4Fragment(layer) : ipv6Fragment(layer);
  }
  return null;
}

function ipv4Fragment(ip: Ipv4Layer): Fragment {
  const from = ip.offset + ip.headerLength;
  return {
    key: `4 ${formatHex(ip.bytes, ip.offset + 12, 8)} ${ip.identification} ${ip.proto}`,
    start: ip.fragmentOffset,
    payload: ip.bytes.subarray(from, ip.payloadEnd),
    more: ip.moreFragments,
    head: () => ip.bytes.slice(ip.offset, from),
  };
}

function ipv6Fragment(header: Ipv6ExtensionLayer): Fragment | null {
  let carrier: LayerBase | null = header.parent;
  while (carrier !== null && carrier.protocol !== 'ipv6') carrier = carrier.parent;
  if (carrier === null) return null;
  const { bytes, offset } = carrier as Ipv6Layer;
  const from = header.offset + header.headerLength;
  // Linux answers this one with an ICMP error and keeps the others; of IPv4's it takes the bytes that fit (Queue.insert).
  if (header.moreFragments && (header.end - from) % 8 !== 0) return null;
  return {
    key: `6 ${formatHex(bytes, offset + 8, 32)} ${header.u32(4)}`,
    start: header.fragmentOffset,
    payload: bytes.subarray(from, header.end),
    more: header.moreFragments,
    head: () => {
      const head = bytes.slice(offset, header.offset);
      // The fragment header goes away: whoever named it names what it named.
      const named = header.parent === carrier ? 6 : (header.parent as LayerBase).offset - offset;
      head[named] = header.nextHeader;
      return head;
    },
  };
}

/** Fragments that arrived one after the other, each where the last one ended. */
interface Run {
  start: number;
  end: number;
  readonly parts: Uint8Array[];
}

/** The fragments of one packet. */
class Queue {
  readonly since: number;
  held = 0;
  /** In the order of their places; they do not overlap. */
  readonly #runs: Run[] = [];
  /** Where the packet ends, as far as is known. */
  #end = 0;
  #knowsEnd = false;
  #head: Uint8Array | null = null;
  #count = 0;

  constructor(since: number) {
    this.since = since;
  }

  insert(fragment: Fragment): 'kept' | 'whole' | 'dropped' {
    const { start, more } = fragment;
    // All but the last are multiples of 8 bytes, or could not be followed.
    const length = more ? fragment.payload.length & ~7 : fragment.payload.length;
    const end = start + length;
    if (length === 0 || end > LARGEST_PACKET) return 'dropped';
    if (more ? this.#knowsEnd && end > this.#end : end < this.#end || (this.#knowsEnd && end !== this.#end))
      return 'dropped';
    this.#end = Math.max(this.#end, end);
    if (!more) this.#knowsEnd = true;
    const place = this.#place(start, end);
    if (place === 'overlap') return 'dropped';
    if (place !== 'duplicate') {
      this.#add(place, { start, end, parts: [fragment.payload.slice(0, length)] });
      if (start === 0) this.#head = fragment.head();
      this.held += length;
      this.#count++;
    }
    return this.#knowsEnd && this.held === this.#end ? 'whole' : 'kept';
  }

  /** The number of the run before which the bytes belong. */
  #place(start: number, end: number): number | 'duplicate' | 'overlap' {
    const place = this.#runs.findIndex((run) => run.end > start);
    const run = this.#runs[place];
    if (run === undefined) return this.#runs.length;
    if (end <= run.start) return place;
    return start >= run.start && end <= run.end ? 'duplicate' : 'overlap';
  }

  #add(place: number, run: Run): void {
    const last = this.#runs.at(-1);
    // As in Linux, only what is added at the packet's end lengthens a run.
    if (place === this.#runs.length && last !== undefined && last.end === run.start) {
      last.end = run.end;
      last.parts.push(...run.parts);
    } else {
      this.#runs.splice(place, 0, run);
    }
  }

  join(): Reassembled | null {
    const head = this.#head;
    if (head === null) return null;
    const isIpv4 = (head[0] ?? 0) >>> 4 === 4;
    const bytes = new Uint8Array(head.length + this.#end);
    const covered = isIpv4 ? bytes.length : bytes.length - IPV6_HEADER;
    if (covered > LARGEST_PACKET) return null;
    bytes.set(head);
    let at = head.length;
    for (const { parts } of this.#runs) {
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
    }
    const view = new DataView(bytes.buffer);
    if (isIpv4) {
      view.setUint16(2, covered);
      view.setUint16(6, 0);
      view.setUint16(10, 0);
      view.setUint16(10, ~onesSum(bytes, 0, head.length) & 0xffff);
    } else {
      view.setUint16(4, covered);
    }
    return { bytes, layers: dissect(bytes, isIpv4 ? RAW_IPV4 : RAW_IPV6), fragments: this.#count };
  }
}
