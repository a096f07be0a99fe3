// @ts-check
// Installs what package-lock.json names when it is needed, with a line that says for how long that has been going on.
//
// Not with `npm ci`: it refuses a lock file that lacks the optional packages of other platforms (npm/cli#4828, #8320), and
// npm writes such a lock file wherever the registry in reach does not have them. `npm install --no-save` installs the same
// versions, checked against the same hashes, and writes neither package.json nor package-lock.json.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import {
  dropNpmStamp,
  linkCommand,
  markNpmPackagesCurrent,
  npmPackagesAreCurrent,
  projectNode,
  searchPathOutside,
} from './npm-packages.mjs';

const stopSignals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * `npm install`, in a process group of its own, so that Ctrl-C ends npm and all that it started.
 * @param {string} root
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function npmInstall(root) {
  const env = { ...process.env, PATH: searchPathOutside(root, process.env.PATH ?? '') };
  const child = spawn('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  let wasInterrupted = false;
  /** @param {NodeJS.Signals} signal */
  const kill = (signal) => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // Gone already.
    }
  };
  // npm takes its time to undo what it has begun. It must be gone before this process is: nobody else would stop it.
  const interrupted = () => {
    wasInterrupted = true;
    kill('SIGTERM');
    setTimeout(() => kill('SIGKILL'), 3000).unref();
  };
  const atExit = () => kill('SIGKILL');
  for (const signal of stopSignals) process.on(signal, interrupted);
  process.on('exit', atExit);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      for (const signal of stopSignals) process.off(signal, interrupted);
      process.off('exit', atExit);
      if (wasInterrupted) process.exit(130);
      resolve({ code, output });
    });
  });
}

/** @param {number} since Date.now() at the beginning */
const elapsed = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/**
 * Makes sure that node_modules holds what package-lock.json says. Prints to stderr: stdout belongs to the command.
 * @param {string} root
 */
export async function ensureNpmPackages(root) {
  if (npmPackagesAreCurrent(root)) return linkCommand(root);
  const out = process.stderr;
  await withLock(
    join(root, 'build', 'npm.lock'),
    async () => {
      // Whoever held the lock before us may have done the work.
      if (npmPackagesAreCurrent(root)) return;
      const began = Date.now();
      // Without a stamp nobody knows what an earlier run, cut short, has left: npm would take half a package for a whole.
      if (!dropNpmStamp(root)) rmSync(join(root, 'node_modules'), { recursive: true, force: true });
      const label = 'npm packages: installing what package-lock.json names';
      out.write(out.isTTY ? label : `${label}\n`);
      const ticker = out.isTTY ? setInterval(() => out.write(`\r${label} · ${elapsed(began)} `), 1000) : undefined;
      const { code, output } = await npmInstall(root).finally(() => {
        clearInterval(ticker);
        if (out.isTTY) out.write('\r\x1b[2K');
      });
      if (code !== 0) {
        throw new Error(
          `npm install ended with exit status ${code}. Its last words:\n${output.trim().split('\n').slice(-15).join('\n')}\n` +
            'See that the npm registry can be reached, then run the command again.',
        );
      }
      if (!npmPackagesAreCurrent(root)) {
        throw new Error(
          `npm install ended well, but ${projectNode(root)} is missing: npm did not run the install script of the package "node". ` +
            'Allow it (npm config get ignore-scripts must say false), then run the command again.',
        );
      }
      markNpmPackagesCurrent(root);
      out.write(`✔ npm packages · ${elapsed(began)}\n`);
    },
    { onWait: (pid) => out.write(`npm packages: waiting for process ${pid}, which is installing them\n`) },
  );
  linkCommand(root);
}
