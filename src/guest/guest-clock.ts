// From a guest's time of day to the lab's time. The guest stamps its packets with its own clock, which it is told at its start
// and which a reader may set as he likes (`date -s`); the lab has one time, for wires and machines alike. What relates the two is
// when a packet came out of the guest: that is a moment of the lab, a little later than the packet.
//
//   lab    ──────x────────x──────────x───▶     came out: the lab's time less the guest's is `ahead`, plus what tcpdump took
//   guest  ────x────────x──────────x─────▶     stamped; the least difference of late is the best guess of `ahead`
//
// A guest's clock that is set shows at once: forward, as a difference that is far less than any before; back, as one that is far
// more from one packet to the next, as delays never grow.

/** Seconds of the lab for which a difference counts: the processor's clock drifts by a few parts in ten thousand. */
const WINDOW = 10;
/** Seconds by which a difference grows between two packets only when the clock was set back. */
const SET_BACK = 0.3;
/** Seconds by which a packet's own time is before that of the packet before it only then. */
const GOES_BACK = 0.05;
/** Seconds between two packets that came out together, unless the clock was set forward. */
const SET_FORWARD = 5;

export class GuestClock {
  /** Least differences of this window and of the one before it. */
  #least = Infinity;
  #before = Infinity;
  #windowEnds = Infinity;
  #last = Infinity;
  #ahead: number | undefined;
  #lastGuest = -Infinity;
  #lastLab = -Infinity;

  /**
   * The lab's time of moments that the guest tells of, in the order in which it does. Moments keep their order and, but for
   * corrections of a few ms, their distances.
   *
   * @param guest seconds since the epoch by the guest's clock, of what came out at one time
   * @param cameOut when that was, seconds of the lab
   * @returns for each, seconds of the lab, `cameOut` at the latest
   */
  see(guest: readonly number[], cameOut: number): number[] {
    const times: number[] = [];
    for (let from = 0, to = 0; from < guest.length; from = to) {
      for (to = from + 1; to < guest.length && goesOn(guest[to - 1] ?? 0, guest[to] ?? 0); ) to++;
      const part = guest.slice(from, to);
      this.#look(part, cameOut);
      for (const time of part) times.push(Math.min(time + (this.#ahead ?? 0), cameOut));
      this.#lastLab = Math.max(this.#lastLab, times.at(-1) ?? this.#lastLab);
    }
    return times;
  }

  /** The same of a moment that somebody reads out of what the guest kept: kernel drops, counters. As long as it has told of nothing: as is. */
  labTime(guest: number): number {
    return guest + (this.#ahead ?? 0);
  }

  /** The latest of what came out together was waiting least. */
  #look(guest: readonly number[], cameOut: number): void {
    const [first = 0] = guest;
    const difference = cameOut - guest.reduce((latest, time) => Math.max(latest, time), first);
    if (difference - this.#last > SET_BACK || first < this.#lastGuest - GOES_BACK) this.#forget();
    this.#last = difference;
    this.#lastGuest = guest.at(-1) ?? first;
    if (cameOut >= this.#windowEnds) {
      // After a silence of more than a window, what came before it says nothing any more.
      this.#before = cameOut < this.#windowEnds + WINDOW ? this.#least : Infinity;
      this.#least = Infinity;
    }
    if (this.#least === Infinity) this.#windowEnds = cameOut + WINDOW;
    this.#least = Math.min(this.#least, difference);
    const ahead = Math.min(this.#least, this.#before);
    // A better guess waits until it puts no packet before one that was told of earlier.
    if (this.#ahead === undefined || first + ahead >= this.#lastLab) this.#ahead = ahead;
  }

  #forget(): void {
    this.#least = this.#before = this.#windowEnds = Infinity;
    this.#ahead = undefined;
  }
}

/** False where the clock was set between two packets. */
const goesOn = (one: number, next: number): boolean => next >= one - GOES_BACK && next - one < SET_FORWARD;
