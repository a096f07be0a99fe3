// Writes down what a lab shows while it runs: graphs, hops and terminals, as they come.

import type { Console } from '../../guest/guest.ts';
import { missingIn } from '../../hop/gap.ts';
import type { Hop } from '../../hop/hop.ts';
import type { Evidence } from '../../journey/evidence/evidence.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Recording, TerminalOutput, TypedCommand } from '../../recording/recording.ts';
import { plainText } from '../../recording/terminal-text.ts';
import type { Graph } from '../../topology/graph.ts';
import type { Unsubscribe } from '../../wire/frame-port.ts';
import type { ScriptLine } from './recording-script.ts';

/** Wide enough for the commands, narrow enough for a page. */
const COLUMNS = 100;
const ROWS = 30;
/** Ms without new output within which what a terminal prints is one piece. */
const ONE_PIECE = 5;

/** The prompt of our machines' shells, at the end of what was printed. */
const PROMPT = /root@[\w-]+:[^\r\n]*# $/;

/** What is known of a run when it has ended; times in ms of the lab. */
interface Seen {
  readonly graphs: { readonly at: number; readonly graph: Graph }[];
  readonly hops: Hop[];
  readonly terminal: TerminalOutput[];
  readonly commands: TypedCommand[];
  readonly evidence: Exclude<Evidence, { kind: 'watch' }>[];
  /** By machine and beginning: the latest word on for which time all is told. */
  readonly watches: Map<string, Extract<Evidence, { kind: 'watch' }>>;
}

export class Recorder {
  readonly #lab: Lab;
  readonly #seen: Seen = {
    graphs: [],
    hops: [],
    terminal: [],
    commands: [],
    evidence: [],
    watches: new Map(),
  };
  readonly #ends: Unsubscribe[] = [];
  /** What each terminal printed since the last command. */
  readonly #screens = new Map<Console, string>();
  #lost = 0;

  /** Listens from now on. */
  constructor(lab: Lab) {
    this.#lab = lab;
    this.#ends.push(
      lab.graph.subscribe((graph) => this.#seen.graphs.push({ at: this.#now(), graph })),
      lab.onHops(({ hops, lost }) => {
        this.#lost += missingIn(lost);
        for (const hop of hops) this.#seen.hops.push(hop);
      }),
    );
    for (const machine of lab.machines) {
      if (machine.can.evidence) this.#ends.push(machine.onEvidence(({ evidence }) => this.#told(evidence)));
      for (const console of machine.consoles) {
        console.resize(COLUMNS, ROWS);
        const decoder = new TextDecoder();
        this.#ends.push(
          console.onOutput((bytes) => this.#printed(machine.name, console, decoder.decode(bytes, { stream: true }))),
        );
      }
    }
  }

  /** Packets that went by unseen, at least: a guest's tap did not keep up, or was cut off. */
  get lost(): number {
    return this.#lost;
  }

  /** The recording begins now: of what was seen before, only the present picture stays. */
  begin(): void {
    const { graphs, hops, terminal, commands, evidence } = this.#seen;
    const present = graphs.slice(-1).map(({ graph }) => ({ at: this.#now(), graph }));
    graphs.splice(0, graphs.length, ...present);
    for (const list of [hops, terminal, commands, evidence]) list.length = 0;
  }

  /** Types a line and waits for the prompt. @throws Error when it does not come back in time (ms) */
  async type({ machine, text }: ScriptLine, timeout: number, signal: AbortSignal): Promise<void> {
    const console = this.#lab.machines.find(({ name }) => name === machine)?.consoles[0];
    if (console === undefined) throw new Error(`The lab started without a terminal on "${machine}".`);
    this.#screens.set(console, '');
    const at = this.#now();
    console.write(new TextEncoder().encode(`${text}\r`));
    for (;;) {
      const screen = plainText(this.#screens.get(console) ?? '');
      // The first line is the echo of what was typed; the prompt after it is the next one.
      if (screen.includes('\n') && PROMPT.test(screen)) break;
      if (this.#now() - at > timeout)
        throw new Error(
          `${machine}: no prompt ${timeout / 1000} s after "${text}". A command of a recording ends by itself. The terminal says:\n${screen}`,
        );
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#seen.commands.push({ at, until: this.#now(), machine, text });
  }

  /** Stops listening. Everything is in the lab's time. */
  finish(about: Pick<Recording, 'lab' | 'title' | 'script' | 'recorded' | 'software' | 'conntrack'>): Recording {
    for (const end of this.#ends) end();
    const { graphs, hops, terminal, commands, evidence, watches } = this.#seen;
    const known = graphs.filter(({ graph }) => graph.devices.length > 0);
    const first = known[0]?.at ?? commands[0]?.at ?? this.#now();
    const start = Math.floor(Math.min(first, ...hops.map(({ time }) => time * 1000))) / 1000;
    const moment = (at: number): number => Math.max(0, at - start * 1000);
    return {
      ...about,
      start,
      graphs: known.map(({ at, graph }, index) => ({ at: index === 0 ? 0 : moment(at), graph })),
      hops: hops.map((hop, index) => ({ ...hop, n: index + 1 })),
      terminal: terminal.map((output) => ({ ...output, at: moment(output.at) })),
      commands: commands.map((command) => ({ ...command, at: moment(command.at), until: moment(command.until) })),
      evidence: [...[...watches.values()].filter(({ until }) => until > start), ...evidence],
    };
  }

  #told(words: readonly Evidence[]): void {
    for (const word of words)
      if (word.kind === 'watch') this.#seen.watches.set(`${word.machine} ${word.from}`, word);
      else this.#seen.evidence.push(word);
  }

  /** ms since the epoch, the lab's time. */
  #now(): number {
    return this.#lab.time.now() * 1000;
  }

  #printed(machine: string, console: Console, text: string): void {
    this.#screens.set(console, (this.#screens.get(console) ?? '') + text);
    const { terminal } = this.#seen;
    const last = terminal.at(-1);
    const at = this.#now();
    const isMore = last?.machine === machine && last.console === console.index && at - last.at < ONE_PIECE;
    if (isMore) terminal[terminal.length - 1] = { ...last, text: last.text + text };
    else terminal.push({ at, machine, console: console.index, text });
  }
}
