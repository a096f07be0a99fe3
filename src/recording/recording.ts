// A saved run of a lab: what the kernels said of their devices, what the taps saw, what the terminals printed, and when.
// A page shows it without a machine, and says that it is a recording. write-recording.ts has the file's form.

import type { Hop } from '../hop/hop.ts';
import type { ConntrackEntry } from '../journey/evidence/conntrack.ts';
import { parseConntrack } from '../journey/evidence/conntrack.ts';
import type { Evidence } from '../journey/evidence/evidence.ts';
import type { Graph } from '../topology/graph.ts';

export interface Recording {
  /** Id of the lab, and its title. */
  readonly lab: string;
  readonly title: string;
  /** Name of the script that was typed. */
  readonly script: string;
  /** When it was made: UTC, ISO 8601. */
  readonly recorded: string;
  /** What ran in the machines: "Linux", "6.1.0-50-686". */
  readonly software: readonly { readonly name: string; readonly version: string }[];
  /** Seconds since the epoch. All times below are ms after it, by the lab's time. */
  readonly start: number;
  /** The graph from `at` on; the earliest first. */
  readonly graphs: readonly { readonly at: number; readonly graph: Graph }[];
  /** In the order in which the taps handed them over, which a bridge's copies need (topology/live-ways.ts). */
  readonly hops: readonly Hop[];
  /** Within a few ms: what a terminal prints is timed when it arrives. */
  readonly terminal: readonly TerminalOutput[];
  readonly commands: readonly TypedCommand[];
  /** Connection tracking entries, as conntrack(8) prints them. */
  readonly conntrack: readonly { readonly machine: string; readonly text: string }[];
  /** What the kernels said of single packets, and for which time of all. */
  readonly evidence: readonly Evidence[];
}

export interface TerminalOutput {
  readonly at: number;
  readonly machine: string;
  readonly console: number;
  readonly text: string;
}

export interface TypedCommand {
  /** When Enter was pressed. */
  readonly at: number;
  /** When the prompt was back. */
  readonly until: number;
  readonly machine: string;
  readonly text: string;
}

export const conntrackEntries = (recording: Recording): ConntrackEntry[] =>
  recording.conntrack.flatMap(({ machine, text }) => parseConntrack(text, machine));

/** Seconds since the epoch -> ms after the recording's start. */
export const momentOf = (recording: Recording, time: number): number => (time - recording.start) * 1000;

/** The picture at a moment (ms); before the first report, the first one. */
export function graphAt({ graphs }: Recording, at: number): Graph | undefined {
  return (graphs.findLast((one) => one.at <= at) ?? graphs[0])?.graph;
}

/** Everything that ever was, each thing as it was last: what hops of the whole run are stitched with. */
export function wholeGraph({ graphs }: Recording): Graph {
  const all = graphs.map(({ graph }) => graph);
  const lastOf = <T extends { readonly id: string }>(lists: readonly (readonly T[])[]): T[] => [
    ...new Map(lists.flat().map((item) => [item.id, item])).values(),
  ];
  return {
    machines: lastOf(all.map(({ machines }) => machines)),
    wires: lastOf(all.map(({ wires }) => wires)),
    namespaces: lastOf(all.map(({ namespaces }) => namespaces)),
    devices: lastOf(all.map(({ devices }) => devices)),
    edges: lastOf(all.map(({ edges }) => edges)),
    routes: new Map(all.flatMap(({ routes }) => [...routes])),
  };
}
