// The rules that see packets, in all machines of a lab that can tell: switched on for some packets, and off again.
import { computed, type ReadonlySignal, signal } from '@preact/signals-core';
import { cannotWords } from '../machine/abilities.ts';
import type { Machine } from '../machine/machine.ts';
import type { Lab } from './lab.ts';
import type { TraceMatches } from './trace-matches.ts';

export interface TracingState {
  /** What is traced, in words; null: nothing is. */
  readonly words: string | null;
  /** Machines that tell of it. */
  readonly machines: readonly string[];
  /** Why others do not, a sentence each. One that has not answered yet is not among them. */
  readonly troubles: readonly string[];
}

export class RuleTracing {
  readonly state: ReadonlySignal<TracingState>;
  /** Why no machine of this lab can, sentences; "" when one can. */
  readonly whyNot: string;
  readonly #machines: readonly Machine[];
  readonly #words = signal<string | null>(null);

  constructor(lab: Pick<Lab, 'machines'>) {
    const { machines } = lab;
    this.#machines = machines.filter(({ can }) => can.rules);
    const unable = machines.filter(({ can }) => !can.rules).map((machine) => cannotWords(machine, 'rules'));
    this.whyNot = this.#machines.length > 0 ? '' : unable.join(' ');
    this.state = computed(() => {
      const words = this.#words.value;
      if (words === null) return { words, machines: [], troubles: [] };
      const told = this.#machines.map((machine) => ({ machine, tracing: machine.tracing.value }));
      return {
        words,
        machines: told.flatMap(({ machine, tracing }) => (tracing.kind === 'on' ? [machine.name] : [])),
        troubles: [
          ...unable,
          ...told.flatMap(({ machine, tracing }) =>
            tracing.kind === 'failed' ? [failed(machine.name, tracing.why)] : [],
          ),
        ],
      };
    });
  }

  /** From now on, in place of what was traced before. */
  trace({ matches, words }: TraceMatches): void {
    this.#words.value = words;
    for (const machine of this.#machines) machine.traceRules(matches);
  }

  stop(): void {
    if (this.#words.peek() === null) return;
    this.#words.value = null;
    for (const machine of this.#machines) machine.traceRules(null);
  }
}

const failed = (name: string, why: string): string =>
  `${name} does not trace: ${why.replace(/\.?$/, '.')} Stop, and trace again.`;
