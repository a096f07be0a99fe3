// Segments that nobody has acknowledged yet, of all flows, side by side in columns: a scan of ports leaves one for each of its packets,
// and as objects they took more room than all else that is known of a connection.

const FIRST_ROOM = 1024;

/** Where a list ends. */
export const NONE = -1;

export class UnacknowledgedSegments {
  readonly #most: number;
  #packets = new Uint32Array(FIRST_ROOM);
  #sequences = new Int32Array(FIRST_ROOM);
  #nexts = new Int32Array(FIRST_ROOM);
  #times = new Float64Array(FIRST_ROOM);
  /** The segment after it in its list, or the next that is free. */
  #links = new Int32Array(FIRST_ROOM);
  #free = NONE;
  #filled = 0;

  /** @param most segments that are kept, of all flows together */
  constructor(most: number) {
    this.#most = most;
  }

  get hasRoom(): boolean {
    return this.#free !== NONE || this.#filled < this.#most;
  }

  /** Gives where it is kept, at the end of a list. Only where there is room. */
  add(packet: number, sequence: number, next: number, time: number): number {
    let at = this.#free;
    if (at !== NONE) this.#free = this.#links[at] ?? NONE;
    else {
      at = this.#filled++;
      if (at >= this.#packets.length) this.#grow();
    }
    this.#packets[at] = packet;
    this.#sequences[at] = sequence;
    this.#nexts[at] = next;
    this.#times[at] = time;
    this.#links[at] = NONE;
    return at;
  }

  remove(at: number): void {
    this.#links[at] = this.#free;
    this.#free = at;
  }

  /** Lets a whole list go. */
  removeAll(first: number, last: number): void {
    if (first === NONE) return;
    this.#links[last] = this.#free;
    this.#free = first;
  }

  packet(at: number): number {
    return this.#packets[at] ?? 0;
  }

  sequence(at: number): number {
    return this.#sequences[at] ?? 0;
  }

  /** Its beginning was acknowledged. */
  beginAt(at: number, sequence: number): void {
    this.#sequences[at] = sequence;
  }

  /** One past its last byte. */
  end(at: number): number {
    return this.#nexts[at] ?? 0;
  }

  time(at: number): number {
    return this.#times[at] ?? 0;
  }

  following(at: number): number {
    return this.#links[at] ?? NONE;
  }

  follow(at: number, following: number): void {
    this.#links[at] = following;
  }

  #grow(): void {
    const room = 2 * this.#packets.length;
    this.#packets = grown(new Uint32Array(room), this.#packets);
    this.#sequences = grown(new Int32Array(room), this.#sequences);
    this.#nexts = grown(new Int32Array(room), this.#nexts);
    this.#times = grown(new Float64Array(room), this.#times);
    this.#links = grown(new Int32Array(room), this.#links);
  }
}

function grown<T extends Uint32Array | Int32Array | Float64Array>(larger: T, from: T): T {
  larger.set(from);
  return larger;
}
