// Programs that the build starts. Each gets a process group of its own, and the whole group ends with the build: Ctrl-C
// leaves nobody behind who goes on writing.
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Each line of stdout and stderr, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Hands the program's output through to ours, instead of collecting it. */
  readonly inherit?: boolean;
}

export interface RunResult {
  readonly exitCode: number;
  /** Both streams, the last 64 kB. */
  readonly output: string;
}

const keepCharacters = 65_536;
const graceMs = 3_000;
const groups = new Set<number>();

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone: what was wanted.
  }
}

process.on('exit', () => {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
});

/** Runs a program to its end, whatever its exit status. Throws when it cannot be started, or the signal is aborted. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { cwd, signal, env = {}, onLine, inherit = false } = options;
  signal.throwIfAborted();
  const stream = inherit ? 'inherit' : 'pipe';
  const child = spawn(command, args, {
    cwd,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', stream, stream],
  });
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);

  let output = '';
  for (const source of [child.stdout, child.stderr]) {
    let rest = '';
    source?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-keepCharacters);
      if (!onLine) return;
      const lines = (rest + text).split(/\r?\n|\r/);
      rest = (lines.pop() ?? '').slice(-keepCharacters);
      for (const line of lines) onLine(line);
    });
    source?.on('end', () => rest !== '' && onLine?.(rest));
  }

  let forced: NodeJS.Timeout | undefined;
  const abort = (): void => {
    if (pid === undefined) return;
    signalGroup(pid, 'SIGTERM');
    forced = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) =>
        reject(new Error(`${command} could not be started: ${error.message}`, { cause: error })),
      );
      child.once('close', (code) => resolve(code ?? 1));
    });
    signal.throwIfAborted();
    return { exitCode, output };
  } finally {
    clearTimeout(forced);
    signal.removeEventListener('abort', abort);
    if (pid !== undefined) {
      // The program itself has ended; what it left running in its group has not.
      signalGroup(pid, 'SIGKILL');
      groups.delete(pid);
    }
  }
}

/** Runs a program that has to succeed; otherwise throws with its last lines. */
export async function mustRun(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.exitCode !== 0) {
    const tail = result.output.trimEnd().split('\n').slice(-25).join('\n');
    throw new Error(`${command} ${args.join(' ')} ended with exit status ${result.exitCode}:\n${tail}`);
  }
  return result;
}
