// Where the reader wants time to stop: before a frame that a predicate matches, anywhere or at one port.
import type { WireFrame } from './wire-frame.ts';

export type FramePredicate = (frame: WireFrame) => boolean;

export interface FrameBreakpointOptions {
  /** Only frames that come from or go to the port of this name. */
  readonly port?: string;
  /** True: it goes away when it has stopped time once. */
  readonly once?: boolean;
}

export interface FrameBreakpoint extends FrameBreakpointOptions {
  /** How often time stopped here. */
  readonly hits: number;
  remove(): void;
}

export class FrameBreakpoints {
  readonly #all = new Set<FrameBreakpointOptions & { hits: number; matches: FramePredicate }>();
  readonly #changed: () => void;

  /** @param changed called when there is one more, or one fewer */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#all.size;
  }

  add(matches: FramePredicate, options: FrameBreakpointOptions = {}): FrameBreakpoint {
    const entry = { ...options, matches, hits: 0 };
    this.#all.add(entry);
    this.#changed();
    return {
      ...options,
      get hits() {
        return entry.hits;
      },
      remove: () => this.#remove(entry),
    };
  }

  /** All that match count a hit, so that one does not hide another. */
  stopsAt(frame: WireFrame): boolean {
    let stops = false;
    for (const entry of [...this.#all]) {
      const { port } = entry;
      if (port !== undefined && frame.from !== port && !frame.to.includes(port)) continue;
      if (!entry.matches(frame)) continue;
      stops = true;
      entry.hits++;
      if (entry.once === true) this.#remove(entry);
    }
    return stops;
  }

  clear(): void {
    this.#all.clear();
    this.#changed();
  }

  #remove(entry: FrameBreakpointOptions & { hits: number; matches: FramePredicate }): void {
    if (this.#all.delete(entry)) this.#changed();
  }
}
