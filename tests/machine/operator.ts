// An operator at the machines of a lab: makes a mistake, sends something, and asks what became of the packets, as the page would say it.
// Who makes the mistake knows the truth.
import { expect } from 'vitest';
import type { Hop } from '../../src/hop/hop.ts';
import type { Journey } from '../../src/journey/journey.ts';
import { compileHopFilter } from '../../src/lab/hop-filter.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { LabJourneys } from '../../src/lab/lab-journeys.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import { askOfAll, PATIENCE } from './guest-command.ts';

/** Commands by machine, carried out one after the other. */
export type On = Readonly<Record<string, string>>;

/** What is said of a packet. What is left out may be anything. */
export interface Said {
  /** A display filter: the journey of the first hop that it lets through. */
  readonly of: string;
  readonly end: Journey['end'];
  readonly grade?: Journey['grade'];
  readonly why?: RegExp;
  /** All notes, in order. */
  readonly notes?: readonly RegExp[];
  /** Where it was seen, in order; veth ports without their numbers. */
  readonly way?: readonly string[];
  /** Of any hop: the field, what it was, what it is, and by what. */
  readonly changed?: readonly [field: string, from: unknown, to: unknown, why: RegExp];
  /** Of an ICMP error: a filter for the packet that it is about. */
  readonly about?: string;
}

export interface Mistake {
  readonly name: string;
  readonly made: On;
  readonly undone: On;
  readonly traffic: On;
  /** What the traffic's programs print, which shows that the mistake was one. */
  readonly prints?: RegExp;
  readonly says: readonly Said[];
}

export class Operator {
  readonly lab: Lab;
  readonly #journeys: LabJourneys;
  #hops: Hop[] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
    this.#journeys = new LabJourneys(lab);
    lab.onHops(({ hops, lost }) => {
      this.#hops.push(...hops);
      this.#journeys.add(hops);
      this.#journeys.missed(lost);
    });
  }

  static async of(id: string): Promise<Operator> {
    const operator = new Operator(await createNodeLab(id));
    await operator.lab.start();
    return operator;
  }

  async dispose(): Promise<void> {
    this.#journeys.dispose();
    await this.lab.dispose();
  }

  /** Throws when a command fails. */
  async run(commands: On): Promise<string> {
    const printed: string[] = [];
    for (const [name, command] of Object.entries(commands)) {
      const { stdout, stderr, exitCode } = await this.#exec(name, command);
      if (exitCode !== 0) throw new Error(`${name}: ${command}: status ${exitCode}\n${stdout}${stderr}`);
      printed.push(stdout.trim());
    }
    return printed.join('\n');
  }

  /** The mistake is undone whatever is said. */
  async learnsFrom({ made, undone, traffic, prints = /(?:)/, says }: Mistake): Promise<void> {
    await this.run(made);
    try {
      const printed = await this.#send(traffic);
      const all = this.#all().join('\n');
      expect(printed, all).toMatch(prints);
      for (const said of says) this.#check(said, `${printed}\n${all}`);
    } finally {
      await this.run(undone);
    }
  }

  /** How it ends does not matter: much of it is to fail. */
  async #send(traffic: On): Promise<string> {
    const running = this.lab.machines.filter(({ state }) => state.peek().kind === 'running');
    for (const machine of running) await machine.flushTap();
    this.#hops = [];
    const printed: string[] = [];
    for (const [name, command] of Object.entries(traffic)) {
      const { stdout, stderr } = await this.#exec(name, command);
      printed.push(stdout, stderr);
    }
    for (const machine of running) await machine.flushTap();
    await askOfAll(this.#journeys, this.#hops);
    return printed.join('');
  }

  #check(said: Said, shown: string): void {
    const journey = this.#journeyOf(said.of);
    const words = `${said.of}\n${journey === undefined ? 'no tap saw it' : wordsOf(journey)}\n\n${shown}`;
    expect(journey, words).toMatchObject({ end: said.end, ...(said.grade === undefined ? {} : { grade: said.grade }) });
    if (journey === undefined) return;
    if (said.why !== undefined) expect(journey.why, words).toMatch(said.why);
    if (said.way !== undefined) expect(placesOf(journey), words).toEqual(said.way);
    if (said.about !== undefined) expect(journey.about, words).toBe(this.#journeyOf(said.about)?.id ?? 'none');
    if (said.notes !== undefined) {
      expect(journey.notes.length, words).toBe(said.notes.length);
      for (const [index, note] of said.notes.entries()) expect(journey.notes[index], words).toMatch(note);
    }
    if (said.changed !== undefined) {
      const [field, from, to, why] = said.changed;
      const change = journey.hops.flatMap(({ changes }) => changes).find((one) => one.field === field);
      expect(change, words).toMatchObject({ from, to });
      expect(change?.why, words).toMatch(why);
    }
  }

  #journeyOf(filter: string): Journey | undefined {
    const compiled = compileHopFilter(filter);
    if (!compiled.ok) throw new Error(`${filter}: ${compiled.error.message}`);
    const hop = this.#hops.find((each) => compiled.matches(each));
    return hop === undefined ? undefined : this.#journeys.of(hop.n);
  }

  /** For whoever reads why a test failed. */
  #all(): string[] {
    const all = new Map<number, string>();
    for (const { n } of this.#hops) {
      const journey = this.#journeys.of(n);
      if (journey !== undefined) all.set(journey.id, wordsOf(journey));
    }
    return [...all.values()];
  }

  async #exec(name: string, command: string) {
    const machine = this.lab.machines.find((one) => one.name === name);
    if (machine === undefined) throw new Error(`${this.lab.id} has no machine ${name}`);
    return machine.exec(command, { timeout: PATIENCE });
  }
}

const placesOf = ({ hops }: Journey): string[] => hops.map(({ at }) => at.replace(/veth[0-9a-f]{7}/, 'veth'));

const wordsOf = (journey: Journey): string =>
  [
    `journey ${journey.id}: ${journey.summary}`,
    `  ${placesOf(journey).join(', ')}`,
    `  ${journey.end}, ${journey.grade}: ${journey.why}`,
    ...journey.notes.map((note) => `  note: ${note}`),
  ].join('\n');
