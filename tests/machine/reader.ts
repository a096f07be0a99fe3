// A reader at a terminal: types a command, reads until the prompt is back.
import { stripVTControlCharacters } from 'node:util';
import type { Console } from '../../src/guest/guest.ts';
import { PATIENCE } from './guest-command.ts';

export interface Answer {
  /** What stood between the command and the next prompt, without colours. */
  readonly text: string;
  readonly status: number;
  readonly seconds: number;
}

const prompt = /root@[\w-]+:[^\r\n]*# $/;

export class Reader {
  readonly #console: Console;
  #seen = '';
  readonly #decoder = new TextDecoder();

  constructor(console: Console) {
    this.#console = console;
    console.onOutput((bytes) => {
      this.#seen += this.#decoder.decode(bytes, { stream: true });
    });
    // Wide enough that nothing wraps: expectations are about lines.
    console.resize(240, 50);
  }

  /** Types a line as it is, ends it with Enter, and waits for the prompt. */
  async type(command: string, timeout = PATIENCE): Promise<Answer> {
    const started = performance.now();
    const text = await this.#line(command, timeout);
    const seconds = (performance.now() - started) / 1000;
    const status = Number.parseInt(await this.#line('echo $?', PATIENCE), 10);
    return { text, status, seconds };
  }

  /** The same; what has not ended after a while is ended by Ctrl-C. */
  async typeAndInterrupt(command: string, after = 20_000): Promise<Answer> {
    const interrupt = setTimeout(() => this.#console.write(Uint8Array.of(0x03)), after);
    try {
      return await this.type(command);
    } finally {
      clearTimeout(interrupt);
    }
  }

  get screen(): string {
    return stripVTControlCharacters(this.#seen);
  }

  async #line(command: string, timeout: number): Promise<string> {
    this.#seen = '';
    this.#console.write(new TextEncoder().encode(`${command}\r`));
    const end = performance.now() + timeout;
    for (;;) {
      const lines = this.screen.replaceAll('\r', '').split('\n');
      // The first line is the echo of what was typed; the prompt that comes after it is the next one.
      if (lines.length > 1 && prompt.test(lines.at(-1) ?? '')) return lines.slice(1, -1).join('\n');
      if (performance.now() > end)
        throw new Error(`no prompt ${timeout / 1000} s after "${command}"; the terminal says:\n${this.screen}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
