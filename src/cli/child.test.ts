import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isAlive } from '../../tests/support/alive.ts';
import { mustRun, run } from './child.ts';

const cwd = '/';
const signal = new AbortController().signal;

test('a program that runs gives its lines as they come, and its exit status', async () => {
  const lines: string[] = [];
  const script = 'printf "one\\ntw"; sleep 0.05; printf "o\\rthree"; echo four >&2; exit 3';
  const result = await run('sh', ['-c', script], { cwd, signal, onLine: (line) => lines.push(line) });
  expect(lines.sort()).toEqual(['four', 'one', 'three', 'two']);
  expect(result.exitCode).toBe(3);
});

test('a program that has to succeed and does not: its name, status and last lines', async () => {
  await expect(mustRun('sh', ['-c', 'echo no space left; exit 7'], { cwd, signal })).rejects.toThrow(
    /^sh -c .* ended with exit status 7:\nno space left$/s,
  );
  await expect(run('no-such-program', [], { cwd, signal })).rejects.toThrow('no-such-program could not be started');
});

test('cancelling takes the program and all that it started along', async () => {
  const controller = new AbortController();
  let grandchild = 0;
  const running = run('sh', ['-c', 'sleep 60 & echo $!; wait'], {
    cwd,
    signal: controller.signal,
    onLine(line) {
      grandchild = Number(line);
      controller.abort(new Error('Ctrl-C'));
    },
  });
  await expect(running).rejects.toThrow('Ctrl-C');
  for (let i = 0; i < 100 && isAlive(grandchild); i++) await sleep(20);
  expect(grandchild).toBeGreaterThan(1);
  expect(isAlive(grandchild)).toBe(false);
});

test('what a program leaves running does not outlive it', async () => {
  const { output } = await run('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], { cwd, signal });
  const pid = Number(output);
  for (let i = 0; i < 100 && isAlive(pid); i++) await sleep(20);
  expect(isAlive(pid)).toBe(false);
});
