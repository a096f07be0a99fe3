// How much waits on a wire, and how little more may: someone must stop the machines before it is full.

export interface Pressure {
  /** low: all is well; high: more than half full, stop what sends; full: a frame has just been refused. */
  readonly level: 'low' | 'high' | 'full';
  /** Bytes that wait. */
  readonly bytes: number;
  /** Bytes that may. */
  readonly capacity: number;
}

export class PressureGauge {
  readonly #capacity: number;
  readonly #tell: (pressure: Pressure) => void;
  #bytes = 0;
  #level: Pressure['level'] = 'low';

  /** @param tell called at each change of the level, and at each frame that is refused */
  constructor(capacity: number, tell: (pressure: Pressure) => void) {
    this.#capacity = capacity;
    this.#tell = tell;
  }

  get pressure(): Pressure {
    return { level: this.#level, bytes: this.#bytes, capacity: this.#capacity };
  }

  /** False: there is no room for as many bytes. */
  admit(bytes: number): boolean {
    if (this.#bytes + bytes <= this.#capacity) return true;
    this.#level = 'full';
    this.#tell(this.pressure);
    return false;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#level === 'low' && this.#bytes * 2 > this.#capacity) this.#change('high');
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    // Well below where it began, so that it does not flutter.
    if (this.#level !== 'low' && this.#bytes * 4 <= this.#capacity) this.#change('low');
  }

  #change(level: Pressure['level']): void {
    this.#level = level;
    this.#tell(this.pressure);
  }
}
