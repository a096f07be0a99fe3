// Packets side by side in columns, a page of them at a time. As objects of their own a hundred thousand packets take 40 MB
// more than their bytes: an object, a view and a buffer each. Here it is 40 bytes a packet, and what is old goes a page at a time.
import { firstIndex } from '../../../basics/first-index.ts';
import { timestampOf } from '../../../capture/captured-packet.ts';
import type { TcpFacts } from '../../../packet/stream/tcp-facts.ts';
import type { ListedHop, TapPlace } from './packet-source.ts';

const PAGE = 1024;
const FIRST_BYTES = 1 << 16;
/** Of one packet: a frame that goes round in a loop is seen for ever. */
const MOST_LATER = 999;

class Page {
  size = 0;
  readonly numbers = new Uint32Array(PAGE);
  readonly times = new Float64Array(PAGE);
  readonly nanoseconds = new Uint32Array(PAGE);
  readonly places = new Uint32Array(PAGE);
  readonly originalLengths = new Uint32Array(PAGE);
  /** One past the packet's last byte in `bytes`; it begins where the one before ends. */
  readonly ends = new Uint32Array(PAGE);
  /** Of the same packet: index of the first that saw it, one more than that of the next, and (for the first) that of the last. */
  readonly firsts = new Uint32Array(PAGE);
  readonly nexts = new Uint32Array(PAGE);
  readonly lasts = new Uint32Array(PAGE);
  /** What the packets before it tell of a packet's segment. */
  readonly facts: (TcpFacts | null)[] = [];
  bytes = new Uint8Array(FIRST_BYTES);

  hold(bytes: Uint8Array): void {
    const start = this.ends[this.size - 1] ?? 0;
    const end = start + bytes.length;
    if (end > this.bytes.length) this.#resize(Math.max(end, 2 * this.bytes.length));
    this.bytes.set(bytes, start);
    this.ends[this.size] = end;
  }

  /** Gives back what the page did not need. */
  close(): void {
    this.#resize(this.ends[this.size - 1] ?? 0);
  }

  #resize(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes.subarray(0, Math.min(length, this.bytes.length)));
    this.bytes = bytes;
  }
}

/** Packets by index: 0, 1, 2 … in the order in which they were added. The oldest can be let go; the others keep their index. */
export class PacketPages {
  #pages: Page[] = [];
  /** Index of the first that is kept. */
  #start = 0;
  #end = 0;
  readonly #places: TapPlace[] = [];
  readonly #placeNumbers = new Map<string, number>();
  /** What few packets have, by index. */
  readonly #rare = new Map<number, Pick<ListedHop, 'comment' | 'undelivered'>>();

  get start(): number {
    return this.#start;
  }

  /** One past the last. */
  get end(): number {
    return this.#end;
  }

  /** Copies the packet in, as one that nobody saw before, and gives its index. */
  add(packet: ListedHop, facts: TcpFacts | null = null): number {
    let page = this.#pages.at(-1);
    if (page === undefined || page.size === PAGE) {
      page = new Page();
      this.#pages.push(page);
    }
    const at = page.size;
    page.hold(packet.bytes);
    page.numbers[at] = packet.n;
    page.times[at] = packet.time;
    page.nanoseconds[at] = (packet.exactly ?? timestampOf(packet.time)).nanoseconds;
    page.places[at] = this.#placeNumber(packet);
    page.originalLengths[at] = packet.originalLength;
    page.facts[at] = facts;
    page.firsts[at] = page.lasts[at] = this.#end;
    page.size++;
    if (page.size === PAGE) page.close();
    const { comment, undelivered } = packet;
    if (comment !== undefined || undelivered !== undefined)
      this.#rare.set(this.#end, {
        ...(comment === undefined ? {} : { comment }),
        ...(undelivered === undefined ? {} : { undelivered }),
      });
    return this.#end++;
  }

  /** Lets the oldest pages go until at most `count` packets are kept, or the page that is being filled. */
  keep(count: number): void {
    let pages = 0;
    for (; this.#end - this.#start > count && pages < this.#pages.length - 1; pages++) this.#start += PAGE;
    if (pages === 0) return;
    this.#pages.splice(0, pages);
    for (const index of this.#rare.keys()) if (index < this.#start) this.#rare.delete(index);
  }

  packet(index: number): ListedHop {
    const { page, at } = this.#find(index);
    const time = page.times[at] ?? 0;
    return {
      ...(this.#places[page.places[at] ?? 0] as TapPlace),
      n: page.numbers[at] ?? 0,
      time,
      exactly: { seconds: Math.floor(time), nanoseconds: page.nanoseconds[at] ?? 0 },
      bytes: page.bytes.subarray(at === 0 ? 0 : page.ends[at - 1], page.ends[at]),
      originalLength: page.originalLengths[at] ?? 0,
      facts: page.facts[at] ?? null,
      ...this.#rare.get(index),
    };
  }

  number(index: number): number {
    const { page, at } = this.#find(index);
    return page.numbers[at] ?? 0;
  }

  /** Seconds since the epoch. */
  time(index: number): number {
    const { page, at } = this.#find(index);
    return page.times[at] ?? 0;
  }

  /** Index of the packet with that number; −1 when it is not kept. Numbers ascend. */
  indexOf(n: number): number {
    const start = this.#start;
    const found = start + firstIndex(this.#end - start, (index) => this.number(start + index) >= n);
    return found < this.#end && this.number(found) === n ? found : -1;
  }

  /** Says that `later` is the packet `first`, seen again. `first` must have been seen first itself. */
  join(first: number, later: number): void {
    const one = this.#find(first);
    const last = this.#find(Math.max(one.page.lasts[one.at] ?? first, this.#start));
    const own = this.#find(later);
    last.page.nexts[last.at] = later + 1;
    one.page.lasts[one.at] = later;
    own.page.firsts[own.at] = first;
  }

  /** Takes back all that join() was told. */
  part(): void {
    for (let index = this.#start; index < this.#end; index++) this.single(index);
  }

  /** The same of one packet. */
  single(index: number): void {
    const { page, at } = this.#find(index);
    page.firsts[at] = page.lasts[at] = index;
    page.nexts[at] = 0;
  }

  /** Index of the first sighting of the same packet; it may be let go by now. */
  firstOf(index: number): number {
    const { page, at } = this.#find(index);
    return page.firsts[at] ?? index;
  }

  /** False when the same packet was seen before. */
  isFirst(index: number): boolean {
    return this.firstOf(index) === index;
  }

  /** Indices of the later sightings of the packet that `index` saw first, as they were joined; up to one that was let go. */
  later(index: number): number[] {
    const found: number[] = [];
    for (let next = this.#next(index); next >= this.#start && found.length < MOST_LATER; next = this.#next(next))
      found.push(next);
    return found;
  }

  #next(index: number): number {
    const { page, at } = this.#find(index);
    return (page.nexts[at] ?? 0) - 1;
  }

  /** Every page but the last is full, and the first begins at a whole page. */
  #find(index: number): { readonly page: Page; readonly at: number } {
    const page = index < this.#start ? undefined : this.#pages[Math.floor((index - this.#start) / PAGE)];
    const at = index % PAGE;
    if (page === undefined || at >= page.size)
      throw new RangeError(`Packet ${index} is not kept: ${this.#start} to ${this.#end - 1} are.`);
    return { page, at };
  }

  #placeNumber({ machine, namespace = '', device, ifindex, direction, linkType, deviceId }: ListedHop): number {
    const key = `${machine}\n${namespace}\n${device}\n${ifindex}\n${direction}\n${linkType}\n${deviceId}`;
    let number = this.#placeNumbers.get(key);
    if (number === undefined) {
      const place = { machine, device, direction, linkType };
      number = this.#places.push({
        ...place,
        ...(namespace === '' ? {} : { namespace }),
        ...(ifindex === undefined ? {} : { ifindex }),
        ...(deviceId === undefined ? {} : { deviceId }),
      });
      number--;
      this.#placeNumbers.set(key, number);
    }
    return number;
  }
}
