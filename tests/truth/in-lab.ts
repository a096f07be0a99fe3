// The same scripts in a lab's machine: its own namespace is one of the hosts, its own tap sees what passes there, and its kernel says by
// itself what it dropped and what a socket got. What is true is told by marks, and by the script's sockets; both are taken out of all that the
// product is given.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { KernelWord } from '../../src/guest/guest.ts';
import type { Gap } from '../../src/hop/gap.ts';
import { type Hop, WIRE } from '../../src/hop/hop.ts';
import type { Context } from '../../src/journey/builder.ts';
import type { ConntrackEntry } from '../../src/journey/evidence/conntrack.ts';
import { topologyOf } from '../../src/lab/journey-topology.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import { masked } from './mark.ts';
import type { Arrival } from './plan.ts';
import type { Outcome, Scenario } from './scenario.ts';

export interface LabOutcome extends Outcome {
  /** What the product would know: no mark is left in it. */
  readonly context: Context;
}

/** The space of a script that the machine itself is. */
export const MACHINE_SPACE = 'h1';

const AGENT = new URL('agent.py', import.meta.url);
const FOLDER = '/root/truth';

/** Carries it out in a new run of a lab, whose first machine it takes. @throws Error with what the script printed when it could not be carried out */
export async function carryOutInLab(scenario: Scenario, id: string): Promise<LabOutcome> {
  const lab = await createNodeLab(id);
  try {
    return await carryOut(scenario, lab);
  } finally {
    await lab.dispose();
  }
}

async function carryOut(scenario: Scenario, lab: Lab): Promise<LabOutcome> {
  const hops: Hop[] = [];
  const gaps: Gap[] = [];
  const words: KernelWord[] = [];
  const conntrack: ConntrackEntry[] = [];
  lab.onHops((batch) => {
    hops.push(...batch.hops.filter(({ machine }) => machine !== WIRE));
    gaps.push(...batch.lost);
  });
  const [machine] = lab.machines;
  if (machine === undefined) throw new Error(`${lab.id} has no machine.`);
  machine.onEvidence((batch) => {
    words.push(...batch.evidence);
    conntrack.push(...batch.conntrack);
  });
  await lab.start();
  const run = async (command: string): Promise<string> => {
    const { stdout, stderr, exitCode } = await machine.exec(command, { timeout: 300_000 });
    if (exitCode !== 0) throw new Error(`status ${exitCode}: ${stdout.slice(-2000)}${stderr.slice(-2000)}`);
    return stdout;
  };
  machine.watchSockets(true);
  const put = (name: string, text: string | Buffer): Promise<string> =>
    run(
      `mkdir -p ${FOLDER}; base64 -d <<'END' | gzip -dc >${FOLDER}/${name}\n${gzipSync(text).toString('base64')}\nEND`,
    );
  await put('agent.py', await readFile(AGENT));
  await put('plan.json', JSON.stringify(scenario.plan));
  await waitFor('its sockets are watched', () => words.some((word) => word.kind === 'watch' && word.sockets));
  await run(`python3 ${FOLDER}/agent.py ${FOLDER}`);
  const last = lab.time.now();
  await machine.flushTap();
  await waitFor('its kernel has told of all', () => words.some((word) => word.kind === 'watch' && word.until > last));
  const { arrived, refused } = JSON.parse(await run(`cat ${FOLDER}/arrived.json`)) as {
    arrived: Arrival[];
    refused: { action: number; error: string }[];
  };
  if (refused.length > scenario.plan.actions.length / 2)
    throw new Error(`The machine sent next to nothing: ${refused[0]?.error}`);
  const graph = lab.graph.peek();
  if (graph === null) throw new Error(`${lab.id} has told of no devices.`);
  return {
    scenario,
    hops: [...hops].sort((a, b) => a.n - b.n),
    arrived,
    conntrack: new Map(),
    context: { topology: topologyOf(graph), conntrack, gaps, evidence: words.map(unmarked) },
  };
}

async function waitFor(what: string, isSo: () => boolean): Promise<void> {
  for (let left = 600; left > 0; left--) {
    if (isSo()) return;
    await sleep(100);
  }
  throw new Error(`It was waited in vain until ${what}.`);
}

/** The kernel's words hold the first bytes of packets, and marks in them. */
const unmarked = (word: KernelWord): KernelWord =>
  word.kind === 'drop' || word.kind === 'socket' ? { ...word, packet: masked(word.packet) } : word;
