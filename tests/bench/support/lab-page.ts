// Episode 1 in a tab, used as a reader uses it: a click on Start, keys into the terminal.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page, Worker } from 'playwright';
import { installProbe } from './probe.ts';

export const episode = '/episodes/1-the-super-bridge/';
export const overlayEpisode = '/episodes/4-an-address-for-everyone/';
/** s after which a bench gives up. Far beyond every target: a figure that misses is to be printed, not an error. */
const patience = 180;
const prompt = /^root@[a-z0-9-]+:\S+#$/.source;

export class LabPage {
  readonly page: Page;
  readonly #signal: AbortSignal;

  private constructor(page: Page, signal: AbortSignal) {
    this.page = page;
    this.#signal = signal;
  }

  /** @param path of an episode with a lab */
  static async open(browser: BrowserContext, url: string, signal: AbortSignal, path = episode): Promise<LabPage> {
    const page = await browser.newPage();
    page.setDefaultTimeout(patience * 1000);
    await page.addInitScript(installProbe);
    await page.goto(url + path);
    // What the page asks for while it is idle is not part of the start.
    await page.waitForLoadState('networkidle');
    return new LabPage(page, signal);
  }

  /** Clicks Start and types a command; ms from the click until the command's answer is painted. */
  async start(): Promise<number> {
    this.#signal.throwIfAborted();
    await this.page.locator('[data-card=off] [data-do=start]').click();
    await this.#within(
      'the lab to show its prompt',
      this.page.evaluate(async (source) => {
        const prompt = new RegExp(source);
        const { benchProbe: probe } = window;
        const lab = document.querySelector<HTMLElement>('lockstep-lab .lab');
        if (lab === null) throw new Error('There is no lab on the page.');
        await probe.painted(lab, () => {
          const { state } = lab.dataset;
          if (state === 'failed') throw new Error(lab.querySelector('.lab-reason')?.textContent ?? 'The lab failed.');
          return state === 'running' && probe.screen().some((line) => prompt.test(line));
        });
        document.querySelector<HTMLElement>('.term-screen:not([hidden]) textarea')?.focus();
      }, prompt),
    );
    await this.#await('Ready-42');
    await this.page.keyboard.insertText('echo Ready-$((6*7))');
    await this.page.keyboard.press('Enter');
    const answered = await this.#within('the answer of the first command', this.#awaited());
    return answered - (await this.page.evaluate(() => window.benchProbe.clickedAt));
  }

  /** Types a command and presses Enter; ms from that key until the next prompt is painted, below a line that is `answer`. */
  async run(command: string, answer?: RegExp): Promise<number> {
    this.#signal.throwIfAborted();
    await this.clear();
    await this.page.keyboard.insertText(command);
    await this.page.evaluate(
      ({ command, prompt, answer }) => {
        const { benchProbe: probe } = window;
        const rows = document.querySelector('.term-screen:not([hidden]) .xterm-rows');
        if (rows === null) throw new Error('There is no terminal on the page.');
        const isPrompt = new RegExp(prompt);
        const isAnswer = new RegExp(answer);
        probe.awaited = probe.painted(rows, () => {
          const lines = probe.screen().filter((line) => line !== '');
          const asked = lines.findIndex((line) => line.endsWith(command));
          const after = lines.slice(asked + 1);
          return (
            asked >= 0 && isPrompt.test(after.at(-1) ?? '') && after.slice(0, -1).join('\n').match(isAnswer) !== null
          );
        });
      },
      { command, prompt, answer: answer?.source ?? '' },
    );
    await this.page.keyboard.press('Enter');
    const done = await this.#within(`\`${command}\` to end`, this.#awaited());
    return done - (await this.page.evaluate(() => window.benchProbe.enteredAt));
  }

  /** Waits until the picture shows what the kernel reported, and the work that every start brings is over. */
  async settle(): Promise<void> {
    await this.page.locator('[data-pane=picture] .tp-node').first().waitFor();
    await this.rest(10_000);
  }

  /** An empty screen with one prompt, an empty line behind it. */
  async clear(): Promise<void> {
    await this.page.keyboard.press('Control+u');
    await this.page.keyboard.press('Control+l');
    await this.#within(
      'an empty prompt',
      this.page.evaluate(async (source) => {
        const { benchProbe: probe } = window;
        const rows = document.querySelector('.term-screen:not([hidden]) .xterm-rows');
        if (rows === null) throw new Error('There is no terminal on the page.');
        const prompt = new RegExp(source);
        await probe.painted(rows, () => {
          const lines = probe.screen();
          return prompt.test(lines[0] ?? '') && lines.slice(1).every((line) => line === '');
        });
      }, prompt),
    );
  }

  /** The thread that the machine runs in. */
  get machine(): Worker {
    const [worker] = this.page.workers();
    if (worker === undefined) throw new Error('The page has no worker: its machine does not run.');
    return worker;
  }

  /** For error messages: what the terminal shows, and why the lab stopped if it did. */
  screen(): Promise<string> {
    return this.page.evaluate(() => {
      const reason = document.querySelector('.lab[data-state=failed] .lab-reason')?.textContent ?? '';
      return [...window.benchProbe.screen(), reason].filter((line) => line !== '').join('\n');
    });
  }

  async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal });
  }

  close(): Promise<void> {
    return this.page.close();
  }

  #await(text: string): Promise<void> {
    return this.page.evaluate((text) => {
      const { benchProbe: probe } = window;
      const rows = document.querySelector('.term-screen:not([hidden]) .xterm-rows');
      if (rows === null) throw new Error('There is no terminal on the page.');
      probe.awaited = probe.painted(rows, () => probe.screen().includes(text));
    }, text);
  }

  #awaited(): Promise<number> {
    return this.page.evaluate(() => {
      if (window.benchProbe.awaited === undefined) throw new Error('Nothing is awaited.');
      return window.benchProbe.awaited;
    });
  }

  /** Waits with a limit, and says what the terminal showed when it is reached. */
  async #within<T>(what: string, work: Promise<T>): Promise<T> {
    const limit = new AbortController();
    const late = sleep(patience * 1000, undefined, { signal: limit.signal }).then(async () => {
      throw new Error(`Waited ${patience} s for ${what}. The page shows:\n${await this.screen()}`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      limit.abort();
      late.catch(() => {});
    }
  }
}
