// The one time of a lab: seconds since the epoch, as the time of day was when the lab was started, and from then on by the clock
// that its wires run on. It stands while the lab is frozen, goes slowly in slow motion, and goes on when the lab goes back to a
// checkpoint: what is seen then comes after what was seen before. Machines are told it as their time of day.
import { type TimeSource, VirtualClock } from './clock.ts';

export class LabTime {
  readonly clock: VirtualClock;
  readonly #source: TimeSource;
  readonly #timeOfDay: () => number;
  /** Seconds since the epoch at which the clock was 0. */
  #epoch: number;

  /** @param timeOfDay ms since the epoch */
  constructor(source: TimeSource, timeOfDay: () => number = Date.now) {
    this.clock = new VirtualClock(source);
    this.#source = source;
    this.#timeOfDay = timeOfDay;
    this.#epoch = this.#epochNow();
  }

  /** A new run of the lab: it begins at the time of day that it is now, or goes on from where another page has left it. */
  begin(from?: number): void {
    this.#epoch = from === undefined ? this.#epochNow() : from - this.clock.now() / 1000;
  }

  /** Seconds since the epoch. */
  now(): number {
    return this.ofClock(this.clock.now());
  }

  /** The time of a moment that has just been, by a guest that noted it. @param ago real ms since then */
  before(ago: number): number {
    return this.ofClock(this.clock.at(this.#source.now() - ago));
  }

  /** @param virtual ms by the clock */
  ofClock(virtual: number): number {
    return this.#epoch + virtual / 1000;
  }

  #epochNow(): number {
    return (this.#timeOfDay() - this.clock.now()) / 1000;
  }
}
