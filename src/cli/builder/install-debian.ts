// Installs the Debian packages that are missing, as root, with apt's own progress.
import { run } from '../child.ts';
import { installLine } from '../setup/debian-packages.mjs';
import type { BuildContext } from './context.ts';

/**
 * apt reports on the descriptor that APT::Status-Fd names: "dlstatus:<n>:<percent>:<text>" while it downloads,
 * "pmstatus:<package>:<percent>:<text>" while dpkg works (apt's README.progress-reporting).
 */
export function aptProgress(line: string): { readonly fraction: number; readonly detail: string } | null {
  const match = /^(dl|pm)status:[^:]*(?::[a-z0-9-]+)?:(\d+(?:\.\d+)?):(.*)$/.exec(line);
  if (!match) return null;
  const half = Number(match[2]) / 200;
  return { fraction: match[1] === 'dl' ? half : 0.5 + half, detail: (match[3] ?? '').trim() };
}

/** Does nothing when `missing` is empty. Throws with apt's last lines and the line to run by hand. */
export async function installDebianPackages(missing: readonly string[], context: BuildContext): Promise<void> {
  if (missing.length === 0) return;
  const { root, signal } = context;
  const step = context.step('Debian packages');
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const options = { cwd: root, signal, env };

  step.progress(0, 'apt-get update');
  // A mirror that is out of step fails the update and yet may serve all that is needed: the installation decides.
  const update = await run('apt-get', ['update', '-q'], options);
  step.progress(0.1, `installing ${missing.join(', ')}`);
  const args = [
    'install',
    '-y',
    '-q',
    '--no-install-recommends',
    '-o',
    'APT::Status-Fd=1',
    '-o',
    'DPkg::Lock::Timeout=120',
    ...missing,
  ];
  const install = await run('apt-get', args, {
    ...options,
    onLine(line) {
      const told = aptProgress(line);
      if (told) step.progress(0.1 + 0.9 * told.fraction, told.detail);
    },
  });
  if (install.exitCode !== 0) {
    const words = (update.exitCode === 0 ? install.output : `${update.output}\n${install.output}`).trim().split('\n');
    throw new Error(
      `apt-get could not install ${missing.join(', ')}:\n${words.slice(-12).join('\n')}\nTry it by hand: ${installLine(missing)}`,
    );
  }
  step.done(missing.join(', '));
}
