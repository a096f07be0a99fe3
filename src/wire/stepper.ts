// Where the reader stands in a sequence of hops, and what a step takes. The same steps serve for two kinds of hops:
//
//                 first             position             total
//   forgotten …     │ ○ ○ ○ ○ ○ ○ ○ ○ │ ○ ○ ○ ○ ○ ○ ○ ○ ○ │ ● ● ●
//                   └─ shown ─────────┘─ ran past ─────────┘ held
//
// ○ has happened: a tap reported it, or the wire delivered it. Where the kernel alone moves a packet, its taps can only say
//   that it has been there; a machine that is frozen at the report has moved it on by then. Showing such a hop looks back.
// ● waits on a wire. Showing the first one holds the packet: it stands there, and goes nowhere until the next step.
//
// Nothing is done here to machines or wires: a step says what has to be done, and is told what came of it.
import { type ReadonlySignal, signal } from '@preact/signals-core';

/** A hop that is held waits on a wire and goes nowhere; one that is looked back at has happened already. */
export type ShownAs = 'held' | 'looked back at';

export interface Shown<H> {
  readonly kind: 'shown';
  readonly hop: H;
  /** What seek() takes to come back here: 1 for the first hop ever. */
  readonly position: number;
  readonly shownAs: ShownAs;
  /** Hops behind this one that have happened already. */
  readonly ranPast: number;
}

export type Step<H> =
  | Shown<H>
  /** The packet held here must go on: deliver it, then say so by passed(). The hop that it leads to is awaited. */
  | { readonly kind: 'release'; readonly hop: H }
  /** Nothing is held: let wire and machines go on, and freeze them when happened() or held() says what was awaited. */
  | { readonly kind: 'go' }
  /** It stands before the first hop. */
  | { readonly kind: 'start' };

export interface StepperState<H> {
  /** Hops forgotten, shown and forgotten, and happened; see above. */
  readonly first: number;
  readonly position: number;
  readonly total: number;
  /** Hops that wait on a wire. */
  readonly held: number;
  /** The hop that is shown; null before the first one. */
  readonly at: H | null;
  readonly shownAs: ShownAs | null;
  /** It keeps up with what happens, rather than standing where the reader put it. */
  readonly follows: boolean;
  /** A step needs a hop that has not come yet. */
  readonly awaits: boolean;
}

export class Stepper<H> {
  readonly #limit: number;
  readonly #state = signal<StepperState<H>>({
    first: 0,
    position: 0,
    total: 0,
    held: 0,
    at: null,
    shownAs: null,
    follows: true,
    awaits: false,
  });
  #past: H[] = [];
  #held: readonly H[] = [];
  #first = 0;
  #position = 0;
  #follows = true;
  #awaited: ((hop: H) => boolean) | null = null;

  /** @param limit hops that have happened and are kept */
  constructor({ limit = 20_000 }: { readonly limit?: number } = {}) {
    this.#limit = limit;
  }

  get state(): ReadonlySignal<StepperState<H>> {
    return this.#state;
  }

  /** One hop forward, to the first one that `matches` (any): a breakpoint, or the next hop of a chosen packet. */
  step(matches: (hop: H) => boolean = () => true): Step<H> {
    this.#follows = false;
    this.#awaited = null;
    const holds = this.#holds;
    if (!holds) {
      const index = this.#past.findIndex((hop, at) => at >= this.#position - this.#first && matches(hop));
      if (index >= 0) return this.#show(this.#first + index + 1);
      this.#position = this.#total;
    }
    const [next] = this.#held;
    if (next !== undefined && !holds && matches(next)) return this.#show(this.#total + 1);
    this.#awaited = matches;
    this.#publish();
    return next === undefined ? { kind: 'go' } : { kind: 'release', hop: next };
  }

  /** One hop back, always a look back: what a packet did is not undone. */
  back(): Step<H> {
    return this.seek(this.#position - 1);
  }

  toStart(): Step<H> {
    return this.seek(this.#first + 1);
  }

  /** To the last hop there is: the held one, or else the last that happened. */
  toEnd(): Step<H> {
    return this.seek(Infinity);
  }

  /** To any position; the nearest one there is. What is no number, as it may stand in a link, is the beginning. */
  seek(position: number): Step<H> {
    this.#follows = false;
    this.#awaited = null;
    const wanted = Math.trunc(position) || 0;
    return this.#show(Math.min(Math.max(wanted, this.#first), this.#total + Math.min(1, this.#held.length)));
  }

  /** Keeps up with what happens, until the next step. */
  follow(): void {
    this.#follows = true;
    this.#awaited = null;
    this.#position = this.#total;
    this.#publish();
  }

  /** Awaits nothing any more, and stays where it is. */
  stand(): void {
    this.#follows = false;
    this.#awaited = null;
    this.#publish();
  }

  /** These hops have happened, in this order. Returns where it stands now if one of them was awaited: freeze, then. */
  happened(hops: readonly H[]): Shown<H> | null {
    const before = this.#total;
    const awaited = this.#awaited;
    // A report that comes late does not move the reader away from the packet that is held.
    if (this.#holds) this.#position += hops.length;
    for (const hop of hops) this.#past.push(hop);
    this.#forget();
    if (awaited !== null) {
      const index = hops.findIndex(awaited);
      if (index >= 0) {
        this.#awaited = null;
        return this.#shown(Math.max(before + index + 1, this.#first + 1));
      }
      if (!this.#holds) this.#position = this.#total;
    } else if (this.#follows) this.#position = this.#total;
    this.#publish();
    return null;
  }

  /**
   * What waits on the wires now, the next one first. Returns where it stands now if that was awaited, or what has to be
   * released if it was not but something is.
   */
  held(hops: readonly H[]): Shown<H> | { readonly kind: 'release'; readonly hop: H } | null {
    this.#held = hops;
    const [next] = hops;
    if (next === undefined) this.#position = Math.min(this.#position, this.#total);
    else if (this.#awaited?.(next) === true && !this.#holds) {
      this.#awaited = null;
      return this.#shown(this.#total + 1);
    }
    this.#publish();
    return this.#awaited !== null && next !== undefined ? { kind: 'release', hop: next } : null;
  }

  /** The first of what was held has been delivered. */
  passed(): Shown<H> | null {
    const [hop, ...rest] = this.#held;
    if (hop === undefined) return null;
    const holds = this.#holds;
    this.#held = rest;
    if (!holds) return this.happened([hop]);
    this.#past.push(hop);
    this.#forget();
    this.#publish();
    return null;
  }

  /** A new run of the lab: no hop has happened. */
  clear(): void {
    this.#past = [];
    this.#held = [];
    this.#first = 0;
    this.follow();
  }

  get #total(): number {
    return this.#first + this.#past.length;
  }

  /** It stands at the packet that is held. */
  get #holds(): boolean {
    return this.#position > this.#total;
  }

  #show(position: number): Step<H> {
    if (position <= this.#first) {
      this.#position = this.#first;
      this.#publish();
      return { kind: 'start' };
    }
    return this.#shown(position);
  }

  /** @param position of a hop that is there */
  #shown(position: number): Shown<H> {
    this.#position = position;
    this.#publish();
    const { at, shownAs } = this.#state.peek();
    return {
      kind: 'shown',
      hop: at as H,
      position,
      shownAs: shownAs ?? 'looked back at',
      ranPast: Math.max(0, this.#total - position),
    };
  }

  #forget(): void {
    const surplus = this.#past.length - this.#limit;
    // A tenth at a time: what is left has to be moved.
    if (surplus <= this.#limit / 10) return;
    this.#past.splice(0, surplus);
    this.#first += surplus;
    this.#position = Math.max(this.#position, this.#first);
  }

  #publish(): void {
    const index = this.#position - this.#first - 1;
    this.#state.value = {
      first: this.#first,
      position: this.#position,
      total: this.#total,
      held: this.#held.length,
      at: (this.#holds ? this.#held[0] : this.#past[index]) ?? null,
      shownAs: this.#holds ? 'held' : index >= 0 ? 'looked back at' : null,
      follows: this.#follows,
      awaits: this.#awaited !== null,
    };
  }
}
