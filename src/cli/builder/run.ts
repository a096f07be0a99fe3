import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program to its end, without a shell, in a process group of its own, so that cancelling takes its children too.
 * Returns what it wrote to stdout. Throws an Error with the last lines of stderr when it fails or cannot be started.
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) return reject(options.signal.reason);
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGTERM');
      } catch {
        // Gone already: nothing to cancel.
      }
    };
    options.signal.addEventListener('abort', kill, { once: true });
    const stdout: Buffer[] = [];
    const last: string[] = [];
    let partial = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      const lines = (partial + chunk.toString()).split(/[\r\n]+/);
      partial = lines.pop() ?? '';
      for (const line of lines) {
        last.push(line);
        if (last.length > 12) last.shift();
        options.onLine?.(line);
      }
    });
    child.on('error', (error) => {
      options.signal.removeEventListener('abort', kill);
      reject(new Error(`${program} could not be started: ${error.message}. Install it, then run this again.`));
    });
    child.on('close', (code, signal) => {
      options.signal.removeEventListener('abort', kill);
      if (options.signal.aborted) return reject(options.signal.reason);
      if (code === 0) return resolve(Buffer.concat(stdout).toString());
      if (partial !== '') last.push(partial);
      reject(
        new Error(
          `${program} ${code === null ? `was ended by ${signal}` : `failed with status ${code}`}:\n${last.join('\n')}`,
        ),
      );
    });
  });
}
