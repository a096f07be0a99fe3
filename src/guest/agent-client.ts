// The page's side of sandboxes/image/overlay/usr/lib/lockstep/agent: a line a message, and every line is untrusted.
import { fromBase64, toBase64 } from '../basics/base64.ts';
import type { ExecOptions, ExecResult } from './guest.ts';
import type { GuestTimers } from './guest-timers.ts';

interface Pending {
  readonly started: number;
  readonly resolve: (result: ExecResult) => void;
  /** Lets go of the timer and of the caller's signal. */
  readonly end: () => void;
}

export interface AgentEvents {
  /** The agent has (re)started. */
  onHello(): void;
  /** JSON text of a KernelReport, unchecked. */
  onReport(json: string): void;
  /** What its kernel says of single packets (evidence-stream.ts), unchecked. */
  onEvidence(text: string): void;
}

// The guest ends a command at its timeout; the page waits this much longer before it says that the agent is gone.
const graceMilliseconds = 10_000;

export class AgentClient {
  readonly #send: (line: string) => void;
  readonly #events: AgentEvents;
  readonly #timers: GuestTimers;
  readonly #pending = new Map<string, Pending>();
  #next = 1;

  constructor(send: (line: string) => void, events: AgentEvents, timers: GuestTimers) {
    this.#send = send;
    this.#events = events;
    this.#timers = timers;
  }

  exec(command: string, { timeout = 60_000, signal, inputBytes = 0 }: ExecOptions = {}): Promise<ExecResult> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const id = `x${this.#next++}`;
      const limit = timeout + graceMilliseconds;
      const silent = () =>
        fail(new Error(`The machine did not answer within ${Math.round(limit / 1000)} s: ${command}`));
      const aborted = () => fail(signal?.reason);
      const end = () => {
        forget();
        signal?.removeEventListener('abort', aborted);
        this.#pending.delete(id);
      };
      const fail = (error: unknown) => {
        end();
        reject(error);
      };
      const forget = this.#timers.after(limit, silent);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#pending.set(id, { started: performance.now(), resolve, end });
      const input = inputBytes > 0 ? ` ${inputBytes}` : '';
      this.#send(`exec ${id} ${Math.max(1, Math.ceil(timeout / 1000))} ${encode(command)}${input}`);
    });
  }

  send(line: string): void {
    this.#send(line);
  }

  receive(line: string): void {
    const space = line.indexOf(' ');
    const verb = space < 0 ? line : line.slice(0, space);
    const rest = line.slice(space + 1);
    if (verb === 'hello') {
      // What the one before it was doing, nobody will answer for.
      this.abandon("The machine's agent was restarted before the command ended.");
      this.#events.onHello();
    } else if (verb === 'report') {
      this.#events.onReport(rest);
    } else if (verb === 'evidence') {
      this.#events.onEvidence(rest);
    } else if (verb === 'exit') {
      const [id = '', code = '', stdout = '', stderr = ''] = rest.split(' ');
      const pending = this.#pending.get(id);
      if (pending === undefined) return;
      pending.end();
      const exitCode = Number.parseInt(code, 10);
      pending.resolve({
        stdout: decode(stdout),
        stderr: decode(stderr),
        exitCode: Number.isInteger(exitCode) ? exitCode : 255,
        ms: performance.now() - pending.started,
      });
    }
  }

  /** No answer will come: whoever waits is told why, in the form of a command that failed. */
  abandon(why: string): void {
    for (const { resolve, end, started } of [...this.#pending.values()]) {
      end();
      resolve({ stdout: '', stderr: `${why}\n`, exitCode: 255, ms: performance.now() - started });
    }
  }

  get waiting(): number {
    return this.#pending.size;
  }
}

function encode(text: string): string {
  return toBase64(new TextEncoder().encode(text));
}

function decode(text: string): string {
  return new TextDecoder().decode(fromBase64(text) ?? new Uint8Array());
}
