import type { FromMachine, ToMachine } from './messages.ts';

/** A thread that runs worker-browser.ts or worker-node.ts. */
export interface Thread {
  post(message: ToMachine, transfer?: ArrayBuffer[]): void;
  onMessage(listener: (message: FromMachine) => void): void;
  /** The thread died, or could not be started. */
  onError(listener: (message: string) => void): void;
  terminate(): void;
}
