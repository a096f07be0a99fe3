// What a machine counts, asked for in one command when somebody looks. It says how many packets, not which: a hint at most.
import type { Context } from '../../journey/builder.ts';
import { type CounterReading, counterDrops, deviceDrops, NEVER } from '../../journey/evidence/counters.ts';
import type { Asked } from '../guest.ts';

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

  constructor(guest: Asked) {
    this.#guest = guest;
  }

  /**
   * The counters that went up since the last reading; null when the machine does not answer, as one that is frozen. Whoever asks while
   * it is being asked gets the same answer.
   */
  read(): Promise<Context | null> {
    this.#asking ??= this.#read().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
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

  forget(): void {
    this.#rules = NEVER;
    this.#devices = null;
  }

  async #read(): Promise<Context | null> {
    const { name } = this.#guest;
    let stdout: string;
    try {
      ({ stdout } = await this.#guest.exec(command, { timeout: answerWithin }));
    } catch {
      return null;
    }
    const [clock = '', rulesText = '', devicesText = ''] = stdout.split(`${mark}\n`);
    const guestTime = Number(clock);
    if (!Number.isFinite(guestTime) || guestTime === 0) return null;
    const time = this.#guest.labTime(guestTime);
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
