// One run of the generator: a network, its faults and its traffic, all from a seed; carried out by agent.py in namespaces of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPcap } from '../../src/capture/pcap.ts';
import type { Hop } from '../../src/hop/hop.ts';
import { hopsOfCapture } from '../../src/hop/hops-of-capture.ts';
import { Dice } from './dice.ts';
import { cableFaultsOf, faultsOf, labFaultsOf } from './faults.ts';
import { labVariantOf, Network, POD_PORT, variantOf, variantWords } from './network.ts';
import type { Action, Arrival, Plan } from './plan.ts';
import { type Sent, trafficOf } from './traffic.ts';

/** A script, before it is carried out. */
export interface Scenario {
  readonly seed: number;
  readonly network: Network;
  readonly sent: ReadonlyMap<number, Sent>;
  readonly faults: readonly Action[];
  readonly plan: Plan;
  readonly words: string;
}

/** What was captured in every namespace, whole, and what arrived. */
export interface Outcome {
  readonly scenario: Scenario;
  /** "Machine" is the namespace; all in order of time. */
  readonly hops: readonly Hop[];
  readonly arrived: readonly Arrival[];
  /** By namespace: what `conntrack -L -o id` printed, and `conntrack -E`. */
  readonly conntrack: ReadonlyMap<string, string>;
}

/** @param own the space that is to be a lab's machine; left out: it is for this computer */
export function scenarioOf(seed: number, packets: number, own: string | null = null): Scenario {
  const dice = new Dice(seed);
  const variant = own === null ? variantOf(dice) : labVariantOf(dice);
  const network = new Network(variant, own);
  const { actions, sent, seconds } = trafficOf(network, dice, packets);
  const faults = own === null ? faultsOf(network, dice, seconds) : labFaultsOf(network, dice, seconds);
  const isTapped = (space: string): boolean => space !== 'w' && own === null;
  const cable =
    variant.underlay === 'cable' ? [{ space: 'w', ends: ['w1', 'w2'] as const, faults: cableFaultsOf(dice) }] : [];
  const plan: Plan = {
    ...(own === null ? {} : { own }),
    spaces: network.spaces,
    setup: network.setup,
    taps: network.spaces.filter(isTapped),
    listen: network.pods.flatMap((pod) => [[pod, 17, POD_PORT] as const, [pod, 6, POD_PORT] as const]),
    forwarders: cable,
    actions: [...actions, ...faults].sort((a, b) => a.at - b.at),
    // What waits in a queue of a slow machine comes late.
    quiet: own === null ? 0.4 : 3,
    // A lab's machine tells of its connections by itself.
    watch:
      variant.nat && own === null
        ? ['h1', 'h2'].map((host) => [host, 'conntrack -E -o timestamp,id', `${host}.events`] as const)
        : [],
    ask:
      variant.nat && own === null
        ? ['h1', 'h2'].map((host) => [host, 'conntrack -L -o id', `${host}.conntrack`] as const)
        : [],
  };
  const wrong = faults.map((fault) =>
    fault.do === 'run' ? `${fault.at.toFixed(3)} ${fault.space}: ${fault.line}` : '',
  );
  return { seed, network, sent, faults, plan, words: [variantWords(variant), ...wrong].join('; ') };
}

const AGENT = new URL('agent.py', import.meta.url).pathname;

/** @throws Error with what the script printed when it could not be carried out */
export async function carryOut(scenario: Scenario, keep?: string): Promise<Outcome> {
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'truth-')));
  try {
    await writeFile(join(folder, 'plan.json'), JSON.stringify(scenario.plan));
    await runAgent(folder);
    return await read(scenario, folder);
  } finally {
    if (keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function runAgent(folder: string): Promise<void> {
  // Whoever is not root is root in there.
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawn('unshare', [...user, '--net', '--mount', '--fork', '--kill-child', 'python3', AGENT, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`agent.py ended with ${code}: ${said}`);
}

async function read(scenario: Scenario, folder: string): Promise<Outcome> {
  const text = await readFile(join(folder, 'arrived.json'), 'utf8');
  const { arrived, devices } = JSON.parse(text) as {
    arrived: Arrival[];
    devices: Record<string, Record<string, string>>;
  };
  const hops: Hop[] = [];
  for (const space of scenario.plan.taps) {
    const file = await readFile(join(folder, `${space}.pcap`));
    const { error } = readPcap(file);
    if (error !== null) throw error;
    for (const hop of hopsOfCapture(file, space, 0).hops)
      hops.push({ ...hop, device: devices[space]?.[String(hop.ifindex)] ?? hop.device });
  }
  hops.sort((a, b) => a.time - b.time);
  const conntrack = new Map<string, string>();
  for (const [space, , file] of [...scenario.plan.ask, ...scenario.plan.watch])
    conntrack.set(space, (conntrack.get(space) ?? '') + (await readFile(join(folder, file), 'utf8')));
  return { scenario, hops: hops.map((hop, index) => ({ ...hop, n: index + 1 })), arrived, conntrack };
}
