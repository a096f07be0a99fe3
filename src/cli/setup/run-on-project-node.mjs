// @ts-check
// Goes on with a TypeScript program on the Node that the npm package `node` brought, whatever Node this one is.
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectNode } from './npm-packages.mjs';

const compileCache = new URL('./compile-cache.mjs', import.meta.url).href;

/**
 * @param {string} root
 * @param {string} program path below the root
 * @param {readonly string[]} args
 */
export async function runOnProjectNode(root, program, args) {
  const path = join(root, program);
  const node = projectNode(root);
  const bin = join(root, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };

  if (process.execPath === realpathSync(node)) {
    process.env.PATH = env.PATH;
    process.argv = [process.execPath, path, ...args];
    await import(compileCache);
    await import(pathToFileURL(path).href);
    return;
  }

  const child = spawn(node, ['--import', compileCache, path, ...args], { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to the whole foreground group: the program has it already, and tidies up; wait for it.
  process.on('SIGINT', () => {});
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? (signal === 'SIGINT' ? 130 : 143)));
  });
  process.exit(code);
}
