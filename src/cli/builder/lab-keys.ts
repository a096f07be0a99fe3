// What a lab's snapshot depends on, as one hash: when it is the same, the snapshot that is there is the one that would be built.
// It knows nothing of what no machine of the lab has: other labs, components that it does not name, documents.
import type { LabFile, LabMachine } from '../../lab/lab-file.ts';
import { manifestFormat } from '../../lab/manifest.ts';
import { engineVersion } from '../../machine/v86/engine/emulator.ts';
import { readLab } from '../labs.ts';
import { planComponent } from './components.ts';
import { contentKey } from './content-key.ts';
import { findImage } from './image.ts';

// What the state of every machine depends on besides its lab and its image …
const sources = [
  'src/cli/builder/snapshot.ts',
  'src/cli/builder/cut-up.ts',
  'src/cli/builder/make-ready.ts',
  'src/cli/builder/provision.ts',
  'src/cli/builder/tidy-up.ts',
  // Which devices the machine has, and what it was when its kernel began.
  'src/machine/v86/engine/emulator.ts',
  'src/machine/v86/engine/power.ts',
  'src/machine/v86/engine/wiring.ts',
  'src/machine/v86/engine/v86-internals.ts',
  'src/machine/v86/engine/hand-over.ts',
  'src/machine/v86/manifest.ts',
  'src/machine/v86/storage/ram-layers.ts',
];
// … and that of those whose lab asks for it.
const componentSources = ['src/cli/builder/put-tree.ts'];
const warmSources = ['src/cli/builder/warm.ts'];

/**
 * The key of a lab of this checkout. Builds nothing.
 *
 * @throws LabFileError, or Error when labs are made from each other
 */
export async function labKey(root: string, lab: LabFile): Promise<string> {
  const [origins, image, components] = await Promise.all([
    originsOf(root, lab),
    findImage(root),
    Promise.all(componentsNamedBy(lab).map((name) => planComponent(root, name))),
  ]);
  const extra = [
    image.key,
    engineVersion,
    `lab.json ${manifestFormat}`,
    ...components.map(({ name, key }) => `${name} ${key}`),
    ...(await Promise.all(origins.map((origin) => labKey(root, origin)))),
  ];
  const ignore = (path: string) => path.endsWith('/README.md');
  const paths = [
    `sandboxes/labs/${lab.id}`,
    ...sources,
    ...(components.length > 0 ? componentSources : []),
    ...(lab.machines.some(({ warm }) => warm !== undefined) ? warmSources : []),
  ];
  return contentKey(root, paths, { extra, ignore });
}

/** The labs that machines of this one are made from, each once, in the order of the file; not those that they are made from. */
export async function originsOf(root: string, lab: LabFile): Promise<LabFile[]> {
  await requireBeginning(root, lab, []);
  return Promise.all(originIds(lab).map((id) => readLab(root, id)));
}

/**
 * Names of the components that a machine has: its own, and those of the machine that it is made from.
 *
 * @throws Error when there is no such machine
 */
export async function componentsOf(root: string, lab: LabFile, machine: LabMachine): Promise<ReadonlySet<string>> {
  const inherited = await inheritedComponents(root, lab, machine);
  return new Set([...inherited, ...machine.components]);
}

/** Names of the components that a machine has from the one that it is made from. */
export async function inheritedComponents(
  root: string,
  lab: LabFile,
  machine: LabMachine,
): Promise<ReadonlySet<string>> {
  if (machine.from === undefined) return new Set();
  const [id = '', name = ''] = machine.from.split('/');
  const origin = (await originsOf(root, lab)).find((other) => other.id === id);
  const there = origin?.machines.find((other) => other.name === name);
  if (origin === undefined || there === undefined)
    throw new Error(
      `The machine ${machine.name} of the lab ${lab.id} is made from "${machine.from}", but ${id} has no machine "${name}": it has ${origin?.machines.map((other) => other.name).join(', ')}.`,
    );
  return componentsOf(root, origin, there);
}

const componentsNamedBy = ({ machines }: LabFile): string[] =>
  [...new Set(machines.flatMap(({ components }) => components))].sort();

export const originIds = ({ machines }: LabFile): string[] => [
  ...new Set(machines.flatMap(({ from }) => (from === undefined ? [] : [from.split('/')[0] ?? '']))),
];

/** @param above labs whose machines wait for this one's */
async function requireBeginning(root: string, lab: LabFile, above: readonly string[]): Promise<void> {
  if (above.includes(lab.id))
    throw new Error(
      `The labs ${[...above, lab.id].join(', ')} are made from each other: one of them has to come first.`,
    );
  for (const id of originIds(lab)) await requireBeginning(root, await readLab(root, id), [...above, lab.id]);
}
