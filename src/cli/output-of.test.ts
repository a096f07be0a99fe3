import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../tests/support/alive.ts';
import { outputOf } from './child.ts';

const { signal } = new AbortController();

describe('a program that the build runs', () => {
  it('gives what it wrote to stdout, byte for byte, and its lines on stderr as they come', async () => {
    const lines: string[] = [];
    const script = 'printf "out\\n\\303\\244"; printf "10%%\\r20%%\\ndo" >&2; sleep 0.05; echo ne >&2';
    expect(await outputOf('sh', ['-c', script], { signal, onLine: (line) => lines.push(line) })).toBe('out\nä');
    expect(lines).toEqual(['10%', '20%', 'done']);
  });

  it('runs where it is told, with the variables that it is told, in no one’s language, with nothing to read', async () => {
    const out = await outputOf('sh', ['-c', 'pwd; echo "$LC_ALL $WHAT"; cat'], {
      signal,
      cwd: '/usr',
      env: { WHAT: 'x' },
    });
    expect(out).toBe('/usr\nC.UTF-8 x\n');
  });

  it('takes its arguments as they are, without a shell', async () => {
    expect(await outputOf('printf', ['%s|', '$HOME', '*', 'a b'], { signal })).toBe('$HOME|*|a b|');
  });

  it('that fails is an error with its status and the last lines of what it said', async () => {
    const script = 'seq 1 40 >&2; printf "No space left" >&2; exit 7';
    const error = await outputOf('sh', ['-c', script], { signal }).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/^Error: sh failed with status 7:\n29\n[\d\n]*40\nNo space left$/);
    await expect(outputOf('sh', ['-c', 'kill -9 $$'], { signal })).rejects.toThrow('sh was ended by SIGKILL');
    await expect(outputOf('no-such-program', [], { signal })).rejects.toThrow('no-such-program could not be started');
  });

  it('is ended with all that it started when the build is cancelled', async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const running = outputOf('sh', ['-c', 'sleep 60 & echo $! >&2; sh -c "sleep 61 & echo \\$! >&2; wait"; wait'], {
      signal: controller.signal,
      onLine(line) {
        pids.push(Number(line));
        if (pids.length === 2) controller.abort(new Error('Ctrl-C'));
      },
    });
    await expect(running).rejects.toThrow('Ctrl-C');
    for (let i = 0; i < 100 && pids.some(isAlive); i++) await sleep(20);
    expect(pids.every((pid) => pid > 1)).toBe(true);
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('is not started when the build is cancelled already', async () => {
    const started = outputOf('touch', ['/nonexistent/lockstep'], { signal: AbortSignal.abort(new Error('Ctrl-C')) });
    await expect(started).rejects.toThrow('Ctrl-C');
  });
});
