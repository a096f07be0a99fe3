// From the guest's monotonic clock to the lab's time. Drops are stamped by it, since a reader may set the time of day as he likes;
// packets are stamped with the time of day. What the program in the guest says comes with both clocks, read together, so a drop is
// put on the time of the tap's packets to the microsecond. When the time of day was just set, and no packet has shown the tap's clock
// yet by how much, the moment at which the words came out has to do: that is a little late.
import { GuestClock } from './guest-clock.ts';

/** Seconds by which the two ways may differ: what a busy guest takes to say something, and less than anybody sets a clock by. */
const AGREE = 0.5;

export class EvidenceClock {
  readonly #arrivals = new GuestClock();
  readonly #tapTime: (timeOfDay: number) => number;
  /** Seconds from the monotonic clock to the guest's time of day. */
  #toTimeOfDay = 0;
  /** Seconds from the monotonic clock to the lab's, while the tap's clock is not to be believed. */
  #toLab: number | null = null;

  /** @param tapTime the lab's time of a moment by the guest's time of day, as packets of the tap have it; seconds since the epoch */
  constructor(tapTime: (timeOfDay: number) => number) {
    this.#tapTime = tapTime;
  }

  /**
   * Both clocks of the guest at one moment.
   *
   * @param monotonic seconds
   * @param timeOfDay seconds since the epoch
   * @param cameOut when the guest said so, seconds of the lab; left out: the guest's time of day is the lab's
   */
  see(monotonic: number, timeOfDay: number, cameOut?: number): void {
    const byTap = this.#tapTime(timeOfDay);
    const [byArrival] = cameOut === undefined ? [byTap] : this.#arrivals.see([monotonic], cameOut);
    const agree = byArrival === undefined || Math.abs(byTap - byArrival) <= AGREE;
    this.#toLab = agree ? null : byArrival - monotonic;
    this.#toTimeOfDay = timeOfDay - monotonic;
  }

  /** The lab's time of a moment by the monotonic clock; seconds. */
  lab(monotonic: number): number {
    return this.#toLab === null ? this.#tapTime(monotonic + this.#toTimeOfDay) : monotonic + this.#toLab;
  }

  /** The lab's time of a moment by the time of day, as it was set when both clocks were seen last. */
  labOfTimeOfDay(timeOfDay: number): number {
    return this.lab(timeOfDay - this.#toTimeOfDay);
  }
}
