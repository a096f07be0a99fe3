// Commands in a machine that is being built.
import type { V86Machine } from '../../machine/v86/v86-machine.ts';
import { type Patience, withPatience } from './patience.ts';

/** Runs a command as root and returns what it printed. @throws Error with everything that it said when its status is not 0 */
export type InGuest = (command: string) => Promise<string>;

// Seconds as patience.ts counts them.
const bootSeconds = 300;
const commandSeconds = 300;
// The guest itself is to stop no command: how quick this computer is, it does not know.
const guestTimeout = 24 * 3600 * 1000;

export function inGuest(machine: V86Machine, signal: AbortSignal): InGuest {
  return async (command) => {
    signal.throwIfAborted();
    const { stdout, stderr, exitCode } = await withPatience(forCommand(command, signal), (signal) =>
      machine.exec(command, { timeout: guestTimeout, signal }),
    );
    if (exitCode !== 0)
      throw new Error(`${shortened(command)} ended with status ${exitCode}:\n${stdout}${stderr}`.trimEnd());
    return stdout;
  };
}

/**
 * The same for a command that reads `pieces`, `bytes` in all; the seconds are what the input needs at most.
 * @throws Error with everything that it said when its status is not 0
 */
export async function inGuestWithInput(
  machine: V86Machine,
  command: string,
  input: { readonly bytes: number; readonly pieces: AsyncIterable<Uint8Array> },
  signal: AbortSignal,
): Promise<void> {
  // A tenth of what was measured.
  const seconds = commandSeconds + input.bytes / 1e6;
  const { stdout, stderr, exitCode } = await withPatience({ ...forCommand(command, signal), seconds }, (signal) =>
    machine.execWithInput(command, input, { timeout: guestTimeout, signal }),
  );
  if (exitCode !== 0)
    throw new Error(`${stdout}${stderr}`.trim() || `${shortened(command)} ended with status ${exitCode}`);
}

/** Resolves when the machine's agent has told its kernel's state for the first time. */
export async function firstReport(machine: V86Machine, signal: AbortSignal): Promise<void> {
  const words = `it did not come up within ${bootSeconds} s, or what takes as long on a slower computer`;
  await withPatience({ seconds: bootSeconds, words, signal }, async (signal) => {
    while (machine.kernel.value === null) {
      signal.throwIfAborted();
      const state = machine.state.value;
      if (state.kind === 'failed') throw new Error(state.message);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
}

function forCommand(command: string, signal: AbortSignal): Patience {
  return {
    seconds: commandSeconds,
    words: `${shortened(command)} did not end within ${commandSeconds} s, or what takes as long on a slower computer`,
    signal,
  };
}

/** The first lines of a script say which one it is. */
function shortened(command: string): string {
  return JSON.stringify(command.length > 300 ? `${command.slice(0, 300)}…` : command);
}
