// What the operating system has to bring before machines are built and tests run: Debian packages, and root for the image.
// Root installs what is missing; everybody else is told before anything else is done, with one line to copy.
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { asRoot } from '../setup/as-root.ts';
import { canInstall, installLine, missingDebianPackages, type Need } from '../setup/debian-packages.mjs';
import type { BuildContext } from './context.ts';
import { installDebianPackages } from './install-debian.ts';

export interface System {
  /** Debian packages that are missing. */
  readonly missing: readonly string[];
  /** This process may install them. */
  readonly canInstall: boolean;
  /** The machine image has to be built, by somebody who is not root. */
  readonly imageWithoutRoot: boolean;
}

/** Why this process cannot go on, and one line to copy; null when nothing is in its way. */
export function obstacle({ missing, canInstall, imageWithoutRoot }: System, rootLine = asRoot()): string | null {
  if (imageWithoutRoot) {
    const also = missing.length > 0 ? ` Root also installs what is missing: ${missing.join(', ')}.` : '';
    return `Building the machine image needs root, for mmdebstrap and chroot.${also}\nThe same command as root:\n\n    ${rootLine}`;
  }
  if (missing.length === 0 || canInstall) return null;
  return `These programs are missing: ${missing.join(', ')}.\nOn Debian or Ubuntu:\n\n    ${installLine(missing)}\n\nThen run the same command again.`;
}

/** What is missing, each in a word or two; nothing when all is there. */
export function absentees({ missing, imageWithoutRoot }: System): readonly string[] {
  return imageWithoutRoot ? ['root for the machine image', ...missing] : missing;
}

/** What this system has, as far as these needs go. */
export async function readSystem(needs: readonly Need[], root: string): Promise<System> {
  const goToo = needs.includes('machines') && !(await goIsThere(root)) && !(await labsAreBuilt(root));
  return {
    missing: missingDebianPackages(goToo ? [...needs, 'fetching-go'] : needs),
    canInstall: canInstall(),
    imageWithoutRoot:
      process.getuid?.() !== 0 &&
      needs.includes('machines') &&
      !(await imageIsBuilt(root)) &&
      !(await labsAreBuilt(root)),
  };
}

/** Throws when this process can neither find nor install what is needed. */
export async function requireSystem(needs: readonly Need[], root: string): Promise<System> {
  const system = await readSystem(needs, root);
  const reason = obstacle(system);
  if (reason !== null) throw new Error(reason);
  return system;
}

/** Sees to it that everything needed is there; throws when it cannot. */
export async function prepareSystem(needs: readonly Need[], context: BuildContext): Promise<void> {
  const { missing } = await requireSystem(needs, context.root);
  await installDebianPackages(missing, context);
}

/** Whether the image is there, or another checkout has built it. What its name depends on, image.ts alone knows. */
export async function imageIsBuilt(root: string): Promise<boolean> {
  try {
    // Loaded here: the test runner reads the system even while the code of the build is broken.
    const [{ findImage }, { hasEntry }] = await Promise.all([import('./image.ts'), import('./cache/shared-cache.ts')]);
    const image = await findImage(root);
    return image.cached || (await hasEntry(basename(dirname(image.disk))));
  } catch {
    return false;
  }
}

/** Whether every lab is there, or another checkout has built it: then nothing is made from the image. */
export async function labsAreBuilt(root: string): Promise<boolean> {
  try {
    const [{ readLabs }, { labKey }, { labIsThere }] = await Promise.all([
      import('../labs.ts'),
      import('./lab-keys.ts'),
      import('./cache/shared-lab.ts'),
    ]);
    for (const lab of await readLabs(root))
      if (!(await labIsThere(root, lab.id, await labKey(root, lab)))) return false;
    return true;
  } catch {
    return false;
  }
}

/** Whether the build would find a Go that is new enough. What is wrong with a component, the build itself will tell. */
async function goIsThere(root: string): Promise<boolean> {
  try {
    // Loaded here for the same reason.
    const [{ oldestGo }, { findGo }] = await Promise.all([import('./component-file.ts'), import('./go.ts')]);
    return (await findGo(root, await oldestGo(root))) !== null;
  } catch {
    return true;
  }
}

/** Throws when a run as root has left folders that this user cannot write to. */
export async function requireOwnFolders(folders: readonly string[]): Promise<void> {
  const foreign: string[] = [];
  for (const folder of folders.filter((each) => existsSync(each)))
    await access(folder, constants.W_OK).catch(() => foreign.push(folder));
  if (foreign.length === 0) return;
  throw new Error(
    `${foreign.join(', ')}: another user's, most likely root's, from a run with sudo.\nTo have them back:\n\n    sudo chown -R "$(id -u):$(id -g)" ${foreign.join(' ')}\n\nThen run the same command again.`,
  );
}
