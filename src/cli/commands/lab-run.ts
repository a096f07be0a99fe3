// `lockstep lab run`: a lab without a screen. Commands in, output and exit statuses out, packets into a file, and with them what the
// lab's machines know of them.

import type { ExecResult } from '../../guest/guest.ts';
import type { Lab } from '../../lab/lab.ts';
import { CaptureEvidence } from '../capture-evidence.ts';
import { CaptureFile } from '../capture-file.ts';
import { type ExecArgument, parseExec } from '../exec-argument.ts';
import { readLab } from '../labs.ts';
import { exitCodes } from '../program.ts';
import { formatDuration } from '../progress/progress.ts';

export interface LabRunOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly id: string;
  /** "<machine>: <command>", in the order in which they are run. */
  readonly exec: readonly string[];
  /** Path of the pcapng file to write. */
  readonly capture: string | null;
  readonly json: boolean;
  readonly timeoutMs: number;
}

/** Resolves with the exit status: 0 when every command succeeded. */
export async function labRun(options: LabRunOptions): Promise<number> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await runLab(options, cleanup);
  } finally {
    await cleanup.disposeAsync();
  }
}

async function runLab(options: LabRunOptions, cleanup: AsyncDisposableStack): Promise<number> {
  const { root, signal, id, exec, capture, json, timeoutMs } = options;
  const file = await readLab(root, id);
  const commands = exec.map((text) => parseExec(file, text));
  // The file first: a path that cannot be written is known before anything is built or started.
  const captureFile = capture === null ? null : cleanup.use(new CaptureFile(capture));

  const { prepareLab } = await import('../start-lab.ts');
  const lab = await prepareLab({ root, signal, id });
  cleanup.defer(() => lab.dispose());
  const evidence = captureFile === null ? null : cleanup.use(new CaptureEvidence(lab, captureFile));
  await lab.start();
  await kernelsKnown(lab, signal);
  await evidence?.start();

  let failures = 0;
  try {
    for (const command of commands) {
      signal.throwIfAborted();
      const result = await machineOf(lab, command).exec(command.command, { timeout: timeoutMs, signal });
      // An interrupted lab ends its commands with an answer of its own; it is not the command's.
      signal.throwIfAborted();
      if (result.exitCode !== 0) failures++;
      (json ? printJson : printForPeople)(command, result);
      // The next command may be the machine's last.
      await evidence?.look();
    }
  } finally {
    if (evidence !== null) {
      await flushTaps(lab);
      await evidence.look();
      // What still waits for the word of its sender is told when time stands.
      lab.clock.hold();
    }
  }
  if (commands.length === 0 && !json) {
    const names = lab.machines.map(({ name }) => name).join(', ');
    console.log(`${file.title}: ${names} started. Give it something to do with --exec.`);
  }
  if (captureFile && !json) console.error(captureFile.summary());
  return failures > 0 ? exitCodes.failed : exitCodes.ok;
}

/** Until a kernel has told its interfaces' names, packets have numbers only. A machine that says nothing is not waited for. */
async function kernelsKnown(lab: Lab, signal: AbortSignal): Promise<void> {
  const end = performance.now() + 10_000;
  while (lab.machines.some((machine) => machine.kernel.value === null) && performance.now() < end) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function machineOf(lab: Lab, { machine }: ExecArgument): Lab['machines'][number] {
  const found = lab.machines.find(({ name }) => name === machine);
  if (!found)
    throw new Error(
      `The lab started without its machine "${machine}". Build it again: delete build/ and run the command once more.`,
    );
  return found;
}

/** Waits for what the guests had seen by now; a machine that does not answer any more cannot be waited for. */
async function flushTaps(lab: Lab): Promise<void> {
  await Promise.all(
    lab.machines.map((machine) =>
      Promise.race([machine.flushTap().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 10_000).unref())]),
    ),
  );
}

function printJson({ machine, command }: ExecArgument, { stdout, stderr, exitCode, ms }: ExecResult): void {
  console.log(JSON.stringify({ machine, command, stdout, stderr, exitCode, ms: Math.round(ms) }));
}

const endLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

function printForPeople({ machine, command }: ExecArgument, { stdout, stderr, exitCode, ms }: ExecResult): void {
  process.stdout.write(`${machine}# ${command}\n${endLine(stdout)}`);
  process.stderr.write(endLine(stderr));
  process.stdout.write(`[exit status ${exitCode}, ${formatDuration(ms)}]\n\n`);
}
