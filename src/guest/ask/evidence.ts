// What a machine knows of its packets besides what its taps see, asked for in one command when somebody looks.
import type { Context } from '../../journey/builder.ts';
import { parseConntrack } from '../../journey/evidence/conntrack.ts';
import { type CounterReading, counterDrops, deviceDrops, NEVER } from '../../journey/evidence/counters.ts';
import { parseKernelDrops } from '../../journey/evidence/kernel-drops.ts';
import type { Asked } from '../guest.ts';

const mark = '--lockstep--';
const tracing = '/sys/kernel/tracing';
const drops = `${tracing}/events/skb/kfree_skb`;
/**
 * On from the first time that somebody looks, in the kernel's one trace: an instance would be ours alone, but making one kills this
 * kernel. (Its mask of processors to trace is made before it finds, without ACPI, that there is one only; per-processor memory for
 * the other is not there. Linux 6.1, tracer_alloc_buffers and disable_smp.) The clock TAI is the time of day while nobody sets the
 * offset between the two. Reason 1, not specified, is what much has that is no loss, as acknowledgments that have been read; 2, no
 * socket, is answered by an ICMP error or a reset, and has the mark by which the page knows that the tap is empty.
 */
const traceOn = `{ mountpoint -q ${tracing} || mount -t tracefs tracefs ${tracing}
read -r on <${drops}/enable; [ "$on" = 1 ] || {
  echo 64 >${tracing}/buffer_size_kb && echo tai >${tracing}/trace_clock && echo 'reason > 2' >${drops}/filter && echo 1 >${drops}/enable
}; } 2>/dev/null`;
const command = [
  `${traceOn}\ndate +%s.%N`,
  'conntrack -L -o extended,id 2>/dev/null',
  'iptables-save -c 2>/dev/null',
  'ip -s -j link 2>/dev/null',
  // Takes out what it reads, and ends where the ring is empty.
  `dd if=${tracing}/trace_pipe iflag=nonblock bs=64k 2>/dev/null`,
].join(`; echo; echo ${mark}; `);
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
   * The table, the counters that went up since the last reading, and why the kernel dropped packets since then; null when the
   * machine does not answer, as one that is frozen. Whoever asks while it is being asked gets the same answer.
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
    const [clock = '', table = '', rulesText = '', devicesText = '', trace = ''] = stdout.split(`${mark}\n`);
    const guestTime = Number(clock);
    if (!Number.isFinite(guestTime) || guestTime === 0) return null;
    const time = this.#guest.labTime(guestTime);
    const rules = { time, text: rulesText };
    const devices = { time, text: devicesText };
    const evidence = [
      ...counterDrops(name, this.#rules, rules),
      ...deviceDrops(name, this.#devices ?? devices, devices),
      ...parseKernelDrops(trace, name, time - guestTime),
    ];
    this.#rules = rules;
    this.#devices = devices;
    return { conntrack: parseConntrack(table, name), evidence };
  }
}
