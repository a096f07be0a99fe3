// Ctrl-C as an AbortSignal: the first one asks everything to stop and tidy up, the second one does not ask.

/** The exit status of a program that was interrupted, as a shell reports it (128 + SIGINT). */
export const interruptedExitCode = 130;

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

/** Aborts with an `Interrupted` on SIGINT, SIGTERM and SIGHUP. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(interruptedExitCode);
    controller.abort(new Interrupted());
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  return controller.signal;
}
