// Packets that the guest's kernel had no room for: the ring that tcpdump reads from holds 128, and while more come than it writes out,
// the rest is dropped. Only tcpdump can ask how many (PACKET_STATISTICS, packet(7)), and says so when it gets SIGUSR1.
// Asking costs the guest 60 to 250 ms, so it is asked only when the ring may have been full: after packets came out in a swarm.
import type { Gap } from '../hop/gap.ts';
import type { ExecResult } from './guest.ts';
import type { GuestTimers } from './guest-timers.ts';

/** A swarm: so many packets come out within so many seconds of the lab. A ring that was full comes out at once, whenever it filled up. */
const SWARM = 100;
const WITHIN = 1;
/** ms of the machine: how often it is looked whether the swarm is over, and how long one may go on until it is asked all the same. */
const LOOK_EVERY = 300;
const ASK_AFTER = 4500;
/** ms */
const ANSWER_WITHIN = 5000;
/** A guest that has no such tap answers with nothing. */
const ATTEMPTS = 3;

/**
 * Signals the tap's own tcpdump, whatever others run, and prints its process id and what it says. It writes where its log went on,
 * behind a hole when the log was emptied.
 */
const COMMAND = `log=/run/lockstep-tap.log
read -r tap </sys/fs/cgroup/system.slice/lockstep-tap.service/cgroup.procs && : >$log && kill -USR1 "$tap" || exit 1
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.03; line=$(tail -c 200 $log | tr -d '\\0'); [[ $line == *kernel* ]] && break; done
echo "$tap: $line"`;

export interface TapDropsOptions {
  /** Runs a command in the guest; may reject. */
  readonly exec: (command: string, options: { readonly timeout: number }) => Promise<Pick<ExecResult, 'stdout'>>;
  readonly tell: (loss: Omit<Gap, 'machine'>) => void;
  /** Seconds since the epoch, by the lab's time. */
  readonly now: () => number;
  readonly timers: GuestTimers;
}

interface Reading {
  /** The process; null: the first one of a guest that was switched on, whichever that is. */
  readonly tap: number | null;
  /** Packets that were dropped since it began. */
  readonly dropped: number;
}

export class TapDrops {
  readonly #exec: TapDropsOptions['exec'];
  readonly #tell: TapDropsOptions['tell'];
  readonly #now: () => number;
  readonly #timers: GuestTimers;
  /** What it said last; null: it was never asked, and a saved guest's may have dropped any number. */
  #known: Reading | null = null;
  /** How often it has been asked in this life what it had dropped before. */
  #attempts = 0;
  /** What came out within the last second: when, how many packets, and the time of the first of them. */
  #lately: { readonly at: number; readonly count: number; readonly first: number }[] = [];
  /** From when on packets may have been lost; null: there is no swarm. */
  #from: number | null = null;
  #arrivals = 0;
  #forget: (() => void) | undefined;
  #asking: Promise<void> | null = null;
  /** Another number for each life: an answer out of the one before says nothing. */
  #life = 0;

  constructor({ exec, tell, now, timers }: TapDropsOptions) {
    this.#exec = exec;
    this.#tell = tell;
    this.#now = now;
    this.#timers = timers;
  }

  /** The guest begins anew, from power-on or from a saved state. */
  begin(from: 'power-on' | 'saved'): void {
    this.dispose();
    this.#attempts = 0;
    this.#known = from === 'power-on' ? { tap: null, dropped: 0 } : null;
  }

  /**
   * Its agent hears: what a saved guest's tap had dropped before is asked, so that it is not told of. Called before anybody can ask the
   * guest for something else: what is lost until the answer is taken for older. Behind all that it is told at once.
   */
  async ready(): Promise<void> {
    await Promise.resolve();
    if (this.#known !== null || this.#attempts === ATTEMPTS) return;
    this.#attempts++;
    await this.#ask(this.#now());
  }

  /** So many packets came out, the first of that time (seconds since the epoch, the lab's). */
  came(count: number, first: number): void {
    if (count === 0) return;
    this.#arrivals++;
    if (this.#from !== null) return;
    const now = this.#now();
    const isRecent = ({ at }: { readonly at: number }): boolean => now - at <= WITHIN && at <= now;
    this.#lately = [...this.#lately.filter(isRecent), { at: now, count, first }];
    if (this.#lately.reduce((sum, { count: many }) => sum + many, 0) < SWARM) return;
    this.#from = this.#lately[0]?.first ?? first;
    this.#lately = [];
    this.#watch();
  }

  /** Resolves when what was lost until now has been told. */
  async settle(): Promise<void> {
    await this.#asking;
    if (this.#from === null) return;
    await this.#ask(this.#from);
    // The swarm may go on.
    if (this.#from !== null) this.#endSwarm();
  }

  dispose(): void {
    this.#life++;
    this.#endSwarm();
  }

  #endSwarm(): void {
    this.#forget?.();
    this.#forget = undefined;
    this.#from = null;
    this.#lately = [];
  }

  /** Asks when the swarm is over, and now and then while it goes on. */
  #watch(): void {
    let seen = this.#arrivals;
    let waited = 0;
    const look = async (): Promise<void> => {
      waited += LOOK_EVERY;
      const isOver = this.#arrivals === seen;
      seen = this.#arrivals;
      if ((isOver || waited >= ASK_AFTER) && this.#from !== null) {
        const life = this.#life;
        const from = this.#from;
        if (isOver) this.#endSwarm();
        waited = 0;
        const asked = this.#now();
        await this.#ask(from);
        if (life !== this.#life) return;
        if (this.#from === from) this.#from = asked;
      }
      if (this.#from !== null) this.#forget = this.#timers.after(LOOK_EVERY, () => void look());
    };
    this.#forget = this.#timers.after(LOOK_EVERY, () => void look());
  }

  #ask(from: number): Promise<void> {
    this.#asking ??= this.#answer(from).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #answer(from: number): Promise<void> {
    const life = this.#life;
    let stdout: string;
    try {
      ({ stdout } = await this.#exec(COMMAND, { timeout: ANSWER_WITHIN }));
    } catch {
      // A guest that does not answer can be asked after the next swarm: what it counts is not lost.
      return;
    }
    const reading = readingOf(stdout);
    if (reading === null || life !== this.#life) return;
    const known = this.#known;
    this.#known = reading;
    if (known === null) return;
    // Another tcpdump began with none.
    const before = known.tap === null || known.tap === reading.tap ? known.dropped : 0;
    const count = reading.dropped - before;
    if (count > 0) this.#tell({ from: Math.min(from, this.#now()), until: this.#now(), count });
  }
}

/** "417: 20 packets captured, 25 packets received by filter, 5 packets dropped by kernel" */
export function readingOf(text: string): Reading | null {
  const tap = Number(/^(\d{1,7}): /.exec(text)?.[1] ?? Number.NaN);
  const dropped = [...text.matchAll(/(\d{1,10}) packets? dropped by kernel/g)].at(-1)?.[1];
  return Number.isNaN(tap) || dropped === undefined ? null : { tap, dropped: Number(dropped) };
}
