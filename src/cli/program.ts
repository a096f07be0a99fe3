// What all our commands have in common: help everywhere, unknown flags refused with a suggestion, and exit statuses.
import { Command, CommanderError } from 'commander';
import { LabFileError } from '../lab/lab-file-error.ts';
import { Interrupted, interruptedExitCode } from './interrupt.ts';
import { UsageError } from './usage-error.ts';

export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: interruptedExitCode } as const;

export const exitCodeHelp = `
Exit status:
  0    everything worked
  1    a command, a test, a bench or a build failed
  2    the command line or a lab file is wrong; nothing was run
  130  interrupted (Ctrl-C)`;

export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help says what there is.)')
    .helpCommand(false)
    .addHelpText('afterAll', exitCodeHelp)
    .exitOverride();
}

/** The exit status for what a command threw; `say` gets the words for it. */
export function exitCodeFor(error: unknown, say: (text: string) => void): number {
  // commander has said what it had to say; its status for help is 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  // What waits with an AbortSignal throws an AbortError, with the signal's reason inside.
  if (error instanceof Interrupted || (error instanceof Error && error.cause instanceof Interrupted))
    return exitCodes.interrupted;
  if (error instanceof UsageError || error instanceof LabFileError) {
    say(error.message);
    return exitCodes.usage;
  }
  const cause = error instanceof Error && error.cause instanceof Error ? `\n  because: ${error.cause.message}` : '';
  say(`${error instanceof Error ? error.message : String(error)}${cause}`);
  return exitCodes.failed;
}

/** Runs the program and ends the process: a stray timer or worker must not keep a finished command alive. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<void> {
  let code: number;
  try {
    await program.parseAsync(argv);
    code = typeof process.exitCode === 'number' ? process.exitCode : exitCodes.ok;
  } catch (error) {
    code = exitCodeFor(error, (text) => console.error(text));
  }
  // Writes to a pipe are asynchronous: what was printed must be out before the process ends. Whoever reads it may be gone.
  const written = [process.stdout, process.stderr].map(
    (stream) => new Promise((resolve) => stream.once('error', resolve).write('', resolve)),
  );
  await Promise.all(written);
  process.exit(code);
}
