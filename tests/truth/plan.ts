// What agent.py is to do, in its own words, and what it found.
import type { Device } from '../../src/journey/topology.ts';

export type Action =
  /** A frame out of a device, whatever the namespace's own firewall says; `to` is a MAC address. */
  | {
      readonly do: 'frame';
      readonly at: number;
      readonly space: string;
      readonly device: string;
      readonly to: string;
      readonly protocol: number;
      readonly bytes: string;
    }
  /** An IPv4 packet through the namespace's own routing and firewall. */
  | { readonly do: 'packet'; readonly at: number; readonly space: string; readonly to: string; readonly bytes: string }
  | { readonly do: 'run'; readonly at: number; readonly space: string; readonly line: string };

/** Of the nth frame that a cable carries, either way. */
export type CableFault = readonly ['pass'] | readonly ['lose'] | readonly ['delay' | 'double', number];

export interface Forwarder {
  readonly space: string;
  readonly ends: readonly [string, string];
  readonly faults: readonly CableFault[];
}

export interface Plan {
  /** The namespace that is the machine's own; left out: none is, they all are made. */
  readonly own?: string;
  readonly spaces: readonly string[];
  readonly setup: readonly (readonly [space: string, lines: readonly string[]])[];
  readonly taps: readonly string[];
  readonly listen: readonly (readonly [space: string, protocol: number, port: number])[];
  readonly forwarders: readonly Forwarder[];
  /** In order; `at` are seconds from the beginning. */
  readonly actions: readonly Action[];
  /** Seconds of rest after the last one. */
  readonly quiet: number;
  /** Commands that run all the time, and those that are asked at the end, with the file that what they print goes into. */
  readonly watch: readonly (readonly [space: string, line: string, file: string])[];
  readonly ask: readonly (readonly [space: string, line: string, file: string])[];
}

/** Something of the network, as its script has built it. */
export interface BuiltDevice {
  readonly space: string;
  readonly name: string;
  readonly kind: Device['kind'];
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly bridge?: string;
  readonly lower?: string;
  readonly peer?: { readonly space: string; readonly name: string };
}

export interface Arrival {
  readonly space: string;
  readonly protocol: number;
  /** ICMP's; −1: it has none. */
  readonly type: number;
  /** Of the socket that listens there; 0: the namespace let it in, to whichever socket. */
  readonly port: number;
  readonly mark: number;
}
