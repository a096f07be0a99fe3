// What a machine knows of its packets besides what its taps see, asked for in one command when somebody looks.
import type { Context } from '../journey/builder.ts';
import { parseConntrack } from '../journey/conntrack.ts';
import { type CounterReading, counterDrops, deviceDrops } from '../journey/counters.ts';
import type { Machine } from '../machine/machine.ts';

const mark = '--lockstep--';
const command = [
  'date +%s.%N',
  'conntrack -L -o extended,id 2>/dev/null',
  'iptables-save -c 2>/dev/null',
  'ip -s -j link 2>/dev/null',
].join(`; echo; echo ${mark}; `);
/** ms */
const patience = 10_000;

interface Readings {
  readonly rules: CounterReading;
  readonly devices: CounterReading;
}

export class EvidenceReader {
  readonly #machine: Machine;
  #before: Readings | null = null;
  #asking: Promise<Context | null> | null = null;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * The table, and the counters that went up since the last reading; null when the machine does not answer, as one that is
   * frozen. Whoever asks while it is being asked gets the same answer.
   */
  read(): Promise<Context | null> {
    this.#asking ??= this.#read().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  forget(): void {
    this.#before = null;
  }

  async #read(): Promise<Context | null> {
    if (this.#machine.state.peek().kind !== 'running') return null;
    const { name } = this.#machine;
    let stdout: string;
    try {
      ({ stdout } = await this.#machine.exec(command, { timeout: patience }));
    } catch {
      return null;
    }
    const [clock = '', table = '', rulesText = '', devicesText = ''] = stdout.split(`${mark}\n`);
    const time = Number(clock);
    if (!Number.isFinite(time) || time === 0) return null;
    const now: Readings = { rules: { time, text: rulesText }, devices: { time, text: devicesText } };
    const before = this.#before;
    this.#before = now;
    const evidence =
      before === null
        ? []
        : [...counterDrops(name, before.rules, now.rules), ...deviceDrops(name, before.devices, now.devices)];
    return { conntrack: parseConntrack(table, name), evidence };
  }
}
