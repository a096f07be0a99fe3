// Programs that the build starts. Each gets a process group of its own, and the whole group ends with the build: Ctrl-C
// leaves nobody behind who goes on writing.
import { spawn } from 'node:child_process';

export interface RunOptions {
  /** Left out: this process's own. */
  readonly cwd?: string;
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Each line of stdout and stderr, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Hands the program's output through to ours, instead of collecting it. */
  readonly inherit?: boolean;
}

export interface RunResult {
  readonly exitCode: number;
  /** What ended it, when it did not end by itself. */
  readonly endedBy: NodeJS.Signals | null;
  /** Both streams, the last 64 kB. */
  readonly output: string;
}

const keepCharacters = 65_536;
const graceMs = 3_000;
// mmdebstrap takes down what it has mounted in its chroot; killed in the middle of that, it would leave it there.
const outputGraceMs = 30_000;
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
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return start(command, args, options, graceMs);
}

/** @param onStdout gets the bytes of stdout, which then are neither in the result's output nor among the lines */
async function start(
  command: string,
  args: readonly string[],
  options: RunOptions,
  grace: number,
  onStdout?: (bytes: Buffer) => void,
): Promise<RunResult> {
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
  if (onStdout !== undefined) child.stdout?.on('data', onStdout);
  for (const source of onStdout === undefined ? [child.stdout, child.stderr] : [child.stderr]) {
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
    forced = setTimeout(() => signalGroup(pid, 'SIGKILL'), grace);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const ended = await new Promise<Pick<RunResult, 'exitCode' | 'endedBy'>>((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new Error(`${command} could not be started: ${error.message}. Install it, then run this again.`, {
            cause: error,
          }),
        ),
      );
      child.once('close', (code, endedBy) => resolve({ exitCode: code ?? 1, endedBy }));
    });
    signal.throwIfAborted();
    return { ...ended, output };
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

/**
 * What a program that has to succeed writes to stdout; its lines are those of stderr. It speaks no one's language
 * (C.UTF-8), since its output is read by us. Throws with the last lines of stderr when it fails.
 */
export async function outputOf(
  command: string,
  args: readonly string[],
  options: Omit<RunOptions, 'inherit'>,
): Promise<string> {
  const stdout: Buffer[] = [];
  const env = { LC_ALL: 'C.UTF-8', ...options.env };
  const { exitCode, endedBy, output } = await start(command, args, { ...options, env }, outputGraceMs, (bytes) =>
    stdout.push(bytes),
  );
  if (exitCode === 0) return Buffer.concat(stdout).toString();
  const how = endedBy === null ? `failed with status ${exitCode}` : `was ended by ${endedBy}`;
  throw new Error(
    `${command} ${how}:\n${output
      .trimEnd()
      .split(/\r?\n|\r/)
      .slice(-13)
      .join('\n')}`,
  );
}
