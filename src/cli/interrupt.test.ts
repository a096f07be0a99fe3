import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { interruptedExitCode } from './interrupt.ts';

const module = fileURLToPath(new URL('./interrupt.ts', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => void child.kill('SIGKILL')));

/** A program that takes this long to tidy up, and then ends with status 7. */
async function program(tidyMs: number): Promise<{ child: ChildProcess; code: Promise<number> }> {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `const { interruptSignal } = await import(${JSON.stringify(module)});
     interruptSignal().addEventListener('abort', () => setTimeout(() => process.exit(7), ${tidyMs}));
     setInterval(() => {}, 1000);
     console.log('ready');`,
  ]);
  children.push(child);
  const code = once(child, 'close').then(([status]) => Number(status));
  await once(child.stdout, 'data');
  return { child, code };
}

test('one Ctrl-C that arrives twice, as npm sees to, leaves time to tidy up', async () => {
  const { child, code } = await program(600);
  child.kill('SIGINT');
  await sleep(20);
  child.kill('SIGINT');
  expect(await code).toBe(7);
});

test('a second Ctrl-C ends the program at once', async () => {
  const { child, code } = await program(10_000);
  child.kill('SIGINT');
  await sleep(600);
  child.kill('SIGINT');
  expect(await code).toBe(interruptedExitCode);
});
