// Commands of the prose that were pressed while there is no lab yet, or none any more: kept until it runs.
import type { CommandRequest } from '../ui/command-request.ts';

export class CommandQueue {
  #waiting: CommandRequest[] = [];

  /** Keeps a command, and tells its block what it waits for. */
  hold(request: CommandRequest, words: string): void {
    this.#waiting.push(request);
    const cancel = (): void => {
      this.#waiting = this.#waiting.filter((other) => other !== request);
      request.report({ kind: 'cancelled' });
    };
    request.report({ kind: 'queued', words, choices: [{ label: 'Cancel', choose: cancel }] });
  }

  /** Hands everything over that waited, in the order of the clicks. */
  flush(runs: { run(request: CommandRequest): void }): void {
    for (const request of this.#waiting.splice(0)) runs.run(request);
  }

  /** The lab is not going to run: what waited must not be typed into a later one. */
  drop(words: string): void {
    for (const request of this.#waiting.splice(0)) request.report({ kind: 'failed', words });
  }
}
