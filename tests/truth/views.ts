// What the product is given of a run: never a mark, and often less than there was.
import type { Gap } from '../../src/hop/gap.ts';
import type { Hop } from '../../src/hop/hop.ts';
import type { Context } from '../../src/journey/builder.ts';
import { parseConntrack } from '../../src/journey/evidence/conntrack.ts';
import type { Device, Topology } from '../../src/journey/topology.ts';
import type { Dice } from './dice.ts';
import type { LabOutcome } from './in-lab.ts';
import { masked } from './mark.ts';
import type { Network } from './network.ts';
import type { Outcome } from './scenario.ts';
import { LEAST_SNAP } from './traffic.ts';

export interface View {
  /** Bytes that the captures keep; 0: all, with the marks made equal. */
  readonly snap: number;
  /** Whether pods are namespaces of their hosts, on one clock, or machines of their own. */
  readonly areHosts: boolean;
  readonly topology: boolean;
  readonly conntrack: boolean;
  /** Seconds by which clocks are wrong at most. */
  readonly skew: number;
  /** Whether it is told that all clocks show one time. */
  readonly oneTime: boolean;
  /** How much of what was captured is gone, packet by packet; and devices whose taps are gone. */
  readonly lost: number;
  readonly blind: readonly string[];
  /** How often a machine's tap loses packets for a while, and says so. */
  readonly gaps: number;
}

/** All that there is. */
const plain: View = {
  snap: 0,
  areHosts: true,
  topology: true,
  conntrack: true,
  skew: 0,
  oneTime: true,
  lost: 0,
  blind: [],
  gaps: 0,
};

export function viewsOf(dice: Dice, network: Network): View[] {
  const skew = dice.pick([0, 0.003, 20]);
  const places = network.devices.map(({ space, name }) => `${space}/${name}`);
  const blind = places.filter(() => dice.chance(0.25));
  const snap = dice.pick([LEAST_SNAP, LEAST_SNAP - 8, LEAST_SNAP - 20]);
  return [
    plain,
    { ...plain, snap },
    { ...plain, areHosts: false, skew, oneTime: skew === 0 },
    { ...plain, topology: false, oneTime: false },
    { ...plain, conntrack: false, snap: dice.pick([0, snap]) },
    { ...plain, lost: dice.pick([0.02, 0.2, 0.5]), areHosts: dice.chance(0.5) },
    { ...plain, blind, areHosts: dice.chance(0.5), topology: dice.chance(0.5) },
    {
      snap: dice.pick([0, LEAST_SNAP]),
      areHosts: dice.chance(0.5),
      topology: dice.chance(0.5),
      conntrack: dice.chance(0.5),
      skew,
      oneTime: false,
      lost: dice.pick([0, 0.1]),
      blind: dice.chance(0.5) ? blind : [],
      gaps: 0,
    },
    { ...plain, gaps: 1 + dice.below(3), areHosts: dice.chance(0.5), topology: dice.chance(0.7) },
    {
      ...plain,
      gaps: 1 + dice.below(3),
      areHosts: dice.chance(0.5),
      skew,
      oneTime: skew === 0,
      snap: dice.pick([0, snap]),
    },
  ];
}

export interface Given {
  readonly hops: readonly Hop[];
  readonly context: Context;
}

interface Loss {
  readonly machine: string;
  /** Seconds, the run's own clock. */
  readonly from: number;
  readonly until: number;
  /** How much of what it saw meanwhile. */
  readonly share: number;
  count: number;
}

/** A ring that is full takes nothing for a while, or now and then one. */
function lossesOf(machines: readonly string[], { hops }: Outcome, gaps: number, dice: Dice): Loss[] {
  const [first = 0, last = first] = [hops[0]?.time, hops.at(-1)?.time];
  return Array.from({ length: gaps }, (): Loss => {
    const from = first + (last - first) * dice.fraction();
    const until = from + (last - first) * 0.3 * dice.fraction();
    return { machine: dice.pick(machines), from, until, share: dice.pick([0.3, 0.9, 1]), count: 0 };
  });
}

/** Hops keep their numbers: those of the run. */
export function givenOf(outcome: Outcome, view: View, dice: Dice): Given {
  const { network } = outcome.scenario;
  const machineOf = (space: string): string => (view.areHosts ? (network.hostOf.get(space) ?? space) : space);
  const wrong = new Map(network.spaces.map((space) => [machineOf(space), (dice.fraction() * 2 - 1) * view.skew]));
  const hops: Hop[] = [];
  const machines = [...new Set(outcome.hops.map((hop) => machineOf(hop.machine)))].sort();
  const losses = lossesOf(machines, outcome, view.gaps, dice);
  for (const hop of outcome.hops) {
    const isLost = dice.fraction() < view.lost;
    if (isLost || view.blind.includes(`${hop.machine}/${hop.device}`)) continue;
    const machine = machineOf(hop.machine);
    const loss = losses.find((one) => one.machine === machine && one.from <= hop.time && hop.time <= one.until);
    if (loss !== undefined && dice.chance(loss.share)) {
      loss.count++;
      continue;
    }
    const bytes = masked(hop.bytes);
    const time = Math.round((hop.time + (wrong.get(machine) ?? 0)) * 1e6) / 1e6;
    hops.push({
      ...hop,
      machine,
      ...(machine === hop.machine ? {} : { namespace: hop.machine }),
      bytes: view.snap === 0 ? bytes : bytes.subarray(0, view.snap),
      time,
    });
  }
  const entries = [...outcome.conntrack].flatMap(([space, text]) => parseConntrack(text, machineOf(space)));
  const gaps = losses
    .filter(({ count }) => count > 0)
    .map(({ machine, from, until, count }): Gap => {
      const off = wrong.get(machine) ?? 0;
      // Who is asked how many he has lost knows only between which two questions.
      return { machine, from: from + off - 0.001, until: until + off + 0.001, count };
    });
  return {
    hops,
    context: {
      gaps,
      ...(view.topology ? { topology: topologyOf(network, machineOf) } : {}),
      ...(view.conntrack ? { conntrack: entries } : {}),
    },
  };
}

/** Of a run in a lab: with all that it tells, and with less of it. */
export function labViewsOf(dice: Dice): View[] {
  return [
    plain,
    // What is cut before it shows what is in a tunnel would be judged as that.
    { ...plain, snap: LEAST_SNAP + dice.pick([50, 100]) },
    { ...plain, conntrack: false },
    { ...plain, topology: false },
    { ...plain, lost: dice.pick([0.1, 0.4]) },
    { ...plain, gaps: 1 + dice.below(3) },
  ];
}

export function givenInLab(outcome: LabOutcome, view: View, dice: Dice): Given {
  const { hops, context } = givenOf(outcome, view, dice);
  const { topology, conntrack = [], evidence = [], gaps = [] } = outcome.context;
  return {
    hops,
    context: {
      ...(view.topology && topology !== undefined ? { topology } : {}),
      ...(view.conntrack ? { conntrack } : {}),
      evidence,
      gaps: [...gaps, ...(context.gaps ?? [])],
    },
  };
}

function topologyOf(network: Network, machineOf: (space: string) => string): Topology {
  const inside = (space: string): { namespace?: string } => (machineOf(space) === space ? {} : { namespace: space });
  // A cable that loses and doubles is a cable all the same.
  const wireOf = (one: string, other: string): string => (one < other ? `${one} ${other}` : `${other} ${one}`);
  const cable = network.variant.underlay === 'cable';
  return {
    devices: network.devices
      .filter(({ space }) => !(cable && space === 'w'))
      .map((device): Device => {
        const { space, name, kind, addresses, bridge, lower, peer } = device;
        const machine = machineOf(space);
        const isNear = peer !== undefined && machineOf(peer.space) === machine;
        const wire =
          peer === undefined
            ? ''
            : peer.space === 'w'
              ? 'cable'
              : wireOf(`${space}/${name}`, `${peer.space}/${peer.name}`);
        return {
          machine,
          ...inside(space),
          name,
          kind: kind === 'veth' && !isNear ? 'nic' : kind,
          addresses,
          ...(bridge === undefined ? {} : { bridge }),
          ...(lower === undefined ? {} : { lower }),
          ...(isNear ? { peer: { ...inside(peer.space), name: peer.name } } : kind === 'veth' ? { wire } : {}),
        };
      }),
  };
}
