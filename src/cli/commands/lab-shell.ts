// `lockstep lab shell`: this terminal becomes the first terminal of a machine.
import { machineName } from '../exec-argument.ts';
import { readLab } from '../labs.ts';
import { exitCodes } from '../program.ts';
import { UsageError } from '../usage-error.ts';

/** Ctrl-], as telnet has it: a key that shells and editors leave alone. */
const leaveKey = 0x1d;

export interface LabShellOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly id: string;
  /** null: the first one. */
  readonly machine: string | null;
}

/** What is to be sent to the machine, and whether the reader asked to leave. */
export function untilLeaveKey(bytes: Uint8Array): { readonly send: Uint8Array; readonly leave: boolean } {
  const at = bytes.indexOf(leaveKey);
  return at === -1 ? { send: bytes, leave: false } : { send: bytes.subarray(0, at), leave: true };
}

/** Resolves with the exit status once the reader leaves. */
export async function labShell(options: LabShellOptions): Promise<number> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await openShell(options, cleanup);
  } finally {
    await cleanup.disposeAsync();
  }
}

async function openShell(options: LabShellOptions, cleanup: AsyncDisposableStack): Promise<number> {
  const { root, signal, id, machine: name } = options;
  const file = await readLab(root, id);
  const wanted = name === null ? (file.machines[0]?.name ?? '') : machineName(file, name);
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) {
    throw new UsageError(
      `A shell needs a terminal on both ends. For scripts there is: lockstep lab run ${id} --exec "${wanted}: <command>"`,
    );
  }

  const { prepareLab } = await import('../start-lab.ts');
  const lab = await prepareLab({ root, signal, id });
  cleanup.defer(() => lab.dispose());
  const machine = lab.machines.find((candidate) => candidate.name === wanted);
  const tty = machine?.consoles[0];
  if (!machine || !tty)
    throw new Error(
      `The lab started without a terminal on "${wanted}". Build it again: delete build/ and run the command once more.`,
    );
  await lab.start();
  console.error(`${wanted}: Ctrl-] leaves. What you change is gone afterwards.`);

  const left = Promise.withResolvers<number>();
  const onInput = (bytes: Uint8Array): void => {
    const { send, leave } = untilLeaveKey(bytes);
    if (send.length > 0) tty.write(send);
    if (leave) left.resolve(exitCodes.ok);
  };
  const onResize = (): void => tty.resize(stdout.columns, stdout.rows);

  stdin.setRawMode(true);
  cleanup.defer(() => {
    stdin.setRawMode(false).pause().off('data', onInput);
    // Whatever program ran in there: colours off, cursor on, main screen, no mouse reports.
    stdout.off('resize', onResize).write('\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?1000l\x1b[?2004l\r\n');
  });
  cleanup.defer(tty.onOutput((bytes) => stdout.write(bytes)));
  cleanup.defer(
    machine.state.subscribe((state) => {
      if (state.kind === 'failed') left.reject(new Error(`${wanted} stopped: ${state.message}`));
    }),
  );
  stdin.on('data', onInput).resume();
  stdout.on('resize', onResize);
  onResize();
  signal.addEventListener('abort', () => left.reject(signal.reason), { once: true });
  return await left.promise;
}
