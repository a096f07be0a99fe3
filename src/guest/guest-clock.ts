// From a guest's time of day to the lab's time. The guest stamps its packets with its own clock, which it is told at its start
// and which a reader may set as he likes (`date -s`); the lab has one time, for wires and machines alike. What relates the two is
// when a packet came out of the guest: that is a moment of the lab, a little later than the packet.
//
//   lab    ──────x────────x──────────x───▶     came out: the lab's time less the guest's is `ahead`, plus what tcpdump took
//   guest  ────x────────x──────────x─────▶     stamped; the least difference of late is the best guess of `ahead`
//
// A guest's clock that is set forward shows at once, as a difference that is far less than any before. Set back, it shows as a packet
// that is older than the one before it; or, when nothing happened for longer than it was set back by, as differences that are all
// far more than before. A busy guest has such ones as well, but not for long.

/**
 * Seconds of the lab for which a difference counts. The processor's clock drifts by a few parts in a million (0.3 ms in two minutes were
 * measured), while a busy guest may report nothing in time for half a minute: a short memory would make its packets late.
 */
const WINDOW = 300;
/** Seconds that a difference may be more than it was, for as many seconds of the lab, before the clock is taken to have been set back. */
const LATE = 0.3;
const LATE_FOR = 2;
/** Seconds by which a packet's own time is before that of the packet before it only then. */
const GOES_BACK = 0.05;
/** Seconds between two packets that came out together, unless the clock was set forward. */
const SET_FORWARD = 5;
/** Guesses that are remembered, the latest: what is said of a moment a little later is to be told by the guess that its packets were told by. */
const GUESSES = 64;

export class GuestClock {
  /** Least differences of this window and of the one before it. */
  #least = Infinity;
  #before = Infinity;
  #windowEnds = Infinity;
  /** Since when all differences have been far more than before; seconds of the lab. */
  #lateSince = Infinity;
  #ahead: number | undefined;
  /** By which guess moments were told, from which of the guest's moments on; in order. */
  #guesses: { readonly from: number; readonly ahead: number }[] = [];
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

  /**
   * The same of a moment that somebody reads out of what the guest kept: kernel drops, counters. By the guess by which packets of that
   * moment were told, so that both stay in order. As long as it has told of nothing: as is.
   */
  labTime(guest: number): number {
    const guess = this.#guesses.findLast(({ from }) => from <= guest) ?? this.#guesses[0];
    return guest + (guess?.ahead ?? 0);
  }

  /** The latest of what came out together was waiting least. */
  #look(guest: readonly number[], cameOut: number): void {
    const [first = 0] = guest;
    const difference = cameOut - guest.reduce((latest, time) => Math.max(latest, time), first);
    if (first < this.#lastGuest - GOES_BACK || this.#isLateForLong(difference, cameOut)) this.#forget();
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
    if (this.#ahead === undefined || first + ahead >= this.#lastLab) this.#guess(first, ahead);
  }

  #guess(from: number, ahead: number): void {
    if (ahead === this.#ahead) return;
    this.#ahead = ahead;
    this.#guesses.push({ from, ahead });
    if (this.#guesses.length > GUESSES) this.#guesses.shift();
  }

  #forget(): void {
    this.#guesses = [];
    this.#least = this.#before = this.#windowEnds = Infinity;
    this.#ahead = undefined;
    this.#lateSince = Infinity;
  }

  #isLateForLong(difference: number, cameOut: number): boolean {
    if (this.#ahead === undefined || difference - this.#ahead <= LATE) {
      this.#lateSince = Infinity;
      return false;
    }
    this.#lateSince = Math.min(this.#lateSince, cameOut);
    return cameOut - this.#lateSince > LATE_FOR;
  }
}

/** False where the clock was set between two packets. */
const goesOn = (one: number, next: number): boolean => next >= one - GOES_BACK && next - one < SET_FORWARD;
