// Commands of the prose on their way into a terminal: typed at once when the lab runs, kept until it does when not.
import type { Lab } from '../../lab/lab.ts';
import type { CommandRequest } from '../ui/command-request.ts';

export class CommandQueue {
  #waiting: CommandRequest[] = [];

  /** Keeps a command, and tells its block what it waits for. */
  hold(request: CommandRequest, words: string): void {
    this.#waiting.push(request);
    request.report({ kind: 'queued', words });
  }

  /** Types everything that waited, in the order of the clicks. */
  flush(lab: Lab): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) typeInto(lab, request);
  }

  /** The lab is not going to run: what waited must not be typed into a later one. */
  drop(words: string): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) request.report({ kind: 'failed', words });
  }
}

/** Into the machine's first terminal, where the reader sees it, as if typed: a line ends with carriage return. */
export function typeInto(lab: Lab, request: CommandRequest): void {
  const machine = lab.machines.find((candidate) => candidate.name === request.machine);
  const console = machine?.consoles[0];
  if (machine !== undefined && console === undefined) {
    request.report({ kind: 'failed', words: `${request.machine} has no terminal: nothing can be typed into it.` });
    return;
  }
  if (!console) {
    const names = lab.machines.map((candidate) => candidate.name).join(', ');
    request.report({ kind: 'failed', words: `This lab has no machine ${request.machine}; it has ${names}.` });
    return;
  }
  console.write(new TextEncoder().encode(`${request.command.trim().replaceAll('\n', '\r')}\r`));
  request.report({ kind: 'sent', words: `Typed into ${request.machine} · 1` });
}
