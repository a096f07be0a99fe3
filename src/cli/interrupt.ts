// Ctrl-C as an AbortSignal: the first one asks everything to stop and tidy up, the second one does not ask.

/** The exit status of a program that was interrupted, as a shell reports it (128 + SIGINT). */
export const interruptedExitCode = 130;

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

// A terminal sends Ctrl-C to everybody in the foreground, and npm passes on what it gets to the program that it runs: one key
// arrives twice. No hand is as quick as that.
const sameKeyMs = 300;

/** Aborts with an `Interrupted` on SIGINT, SIGTERM and SIGHUP; a later one ends this process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let since = 0;
  const stop = (): void => {
    if (!controller.signal.aborted) {
      since = performance.now();
      controller.abort(new Interrupted());
    } else if (performance.now() - since > sameKeyMs) process.exit(interruptedExitCode);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  return controller.signal;
}
