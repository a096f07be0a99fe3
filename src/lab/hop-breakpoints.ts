// Where the reader wants time to stop: at hops that a display filter matches, at one device or anywhere.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import { type Hop, placeOf } from '../hop/hop.ts';
import type { FilterError } from '../packet/filter/syntax.ts';
import { compileHopFilter } from './hop-filter.ts';

export interface Breakpoint {
  readonly id: number;
  readonly text: string;
  /** "host-01/docker0", "wire/lan"; null: anywhere. */
  readonly device: string | null;
  /** How often time stopped here. */
  readonly hits: number;
}

export type BreakpointResult =
  | { readonly ok: true; readonly id: number }
  | { readonly ok: false; readonly error: FilterError };

interface Entry extends Breakpoint {
  hits: number;
  readonly matches: (hop: Hop) => boolean;
  /** Where it stopped time last. */
  last: Hop | null;
}

export class HopBreakpoints {
  readonly #joins: (one: number, other: number) => boolean;
  readonly #all = signal<readonly Breakpoint[]>([]);
  readonly #entries = new Map<number, Entry>();
  #next = 1;

  /** @param joins whether two hops, by their numbers, are of one packet */
  constructor(joins: (one: number, other: number) => boolean) {
    this.#joins = joins;
  }

  get all(): ReadonlySignal<readonly Breakpoint[]> {
    return this.#all;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** A filter that cannot be read is not added. */
  add(text: string, device: string | null): BreakpointResult {
    const compiled = compileHopFilter(text);
    if (!compiled.ok) return compiled;
    const id = this.#next++;
    this.#entries.set(id, { id, text, device, hits: 0, matches: compiled.matches, last: null });
    this.#publish();
    return { ok: true, id };
  }

  remove(id: number): void {
    if (this.#entries.delete(id)) this.#publish();
  }

  /** The one that time must stop at, for this hop; null: none. One that is for anywhere stops once for a packet. */
  stopsAt(hop: Hop): number | null {
    let stops: number | null = null;
    for (const entry of this.#entries.values()) {
      const { last, device } = entry;
      if (device !== null && placeOf(hop) !== device) continue;
      if (last !== hop) {
        if (!entry.matches(hop)) continue;
        if (device === null && last !== null && hop.n > 0 && last.n > 0 && this.#joins(last.n, hop.n)) continue;
        entry.last = hop;
        entry.hits++;
      }
      stops ??= entry.id;
    }
    if (stops !== null) this.#publish();
    return stops;
  }

  /** The frame of this hop was delivered: if time had stopped at it while it was held, this is that hop. */
  delivered(hop: Hop): void {
    for (const entry of this.#entries.values()) if (entry.last?.bytes === hop.bytes) entry.last = hop;
  }

  /** Another run of the lab begins. */
  forget(): void {
    for (const entry of this.#entries.values()) entry.last = null;
  }

  #publish(): void {
    this.#all.value = [...this.#entries.values()].map(({ id, text, device, hits }) => ({ id, text, device, hits }));
  }
}
