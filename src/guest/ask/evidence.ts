// What a machine counts, asked for in one command when somebody looks. It says how many packets, not which: a hint at most.
import type { Context } from '../../journey/builder.ts';
import { type CounterReading, counterDrops, deviceDrops, NEVER } from '../../journey/evidence/counters.ts';
import type { Asked } from '../guest.ts';

/** Seconds since the epoch, up to the year 2286: what a guest says beyond is not said in earnest. */
export const isMoment = (time: number): boolean => time >= 0 && time < 1e10;

const mark = '--lockstep--';
const command = ['date +%s.%N', 'iptables-save -c 2>/dev/null', 'ip -s -j link 2>/dev/null'].join(
  `; echo; echo ${mark}; `,
);
/** ms */
const answerWithin = 10_000;

export class EvidenceReader {
  readonly #guest: Asked;
  #rules = NEVER;
  /** Not from the machine's start on: devices count much that the reader has no packet for. */
  #devices: CounterReading | null = null;
  #asking: Promise<Context | null> | null = null;
  /** Another one for each life of the machine: an answer out of the one before says nothing. */
  #life = 0;

  constructor(guest: Asked) {
    this.#guest = guest;
  }

  /**
   * The counters that went up since the last reading; null when the machine does not answer, as one that is frozen. Whoever asks while
   * it is being asked gets the same answer.
   */
  read(): Promise<Context | null> {
    if (this.#asking !== null) return this.#asking;
    const asking = this.#read().finally(() => {
      if (this.#asking === asking) this.#asking = null;
    });
    this.#asking = asking;
    return asking;
  }

  /**
   * What rules and devices count may be anything now, since the machine is back at an earlier moment: it is read anew, so that only what
   * comes from here on is told. Costs nothing when nobody has looked yet.
   */
  async startAnew(): Promise<void> {
    if (this.#devices === null) return;
    // What is being asked just now may have been answered before.
    await this.#asking;
    await this.read();
  }

  /**
   * The machine has another life, in which everything is counted from 0.
   *
   * @param since when that began, seconds; left out: before all packets
   */
  forget(since = NEVER.time): void {
    this.#life++;
    this.#asking = null;
    this.#rules = { ...NEVER, time: since };
    this.#devices = null;
  }

  async #read(): Promise<Context | null> {
    const { name } = this.#guest;
    const life = this.#life;
    let stdout: string;
    try {
      ({ stdout } = await this.#guest.exec(command, { timeout: answerWithin }));
    } catch {
      return null;
    }
    if (life !== this.#life) return null;
    const [clock = '', rulesText = '', devicesText = ''] = stdout.split(`${mark}\n`);
    const guestTime = Number(clock);
    if (!isMoment(guestTime)) return null;
    const time = this.#guest.labTime(guestTime);
    if (!isMoment(time)) return null;
    const rules = { time, text: rulesText };
    const devices = { time, text: devicesText };
    const evidence = [
      ...counterDrops(name, this.#rules, rules),
      ...deviceDrops(name, this.#devices ?? devices, devices),
    ];
    this.#rules = rules;
    this.#devices = devices;
    return { evidence };
  }
}
