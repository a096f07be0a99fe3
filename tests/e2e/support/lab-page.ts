// An episode in a tab of its own, and its lab, used as a reader uses it.
import { type Browser, expect, type Locator, type Page } from '@playwright/test';

export const episodes = {
  superBridge: '/episodes/1-the-super-bridge/',
  throughTheKeyhole: '/episodes/2-through-the-keyhole/',
  anAddressForEveryone: '/episodes/4-an-address-for-everyone/',
  whoWritesWhoCarries: '/episodes/5-who-writes-who-carries/',
} as const;

/** For what a machine has to do first, on a computer with much to do. */
export const slow = { timeout: 180_000 };

export class LabPage {
  readonly page: Page;
  /** Errors that nobody in the page caught. */
  readonly #problems: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.#problems.push(String(error)));
  }

  /** The page of somebody who was never here: the browser keeps nothing of the lab yet. */
  static async open(browser: Browser, path: string): Promise<LabPage> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const opened = new LabPage(await context.newPage());
    await opened.page.goto(path);
    return opened;
  }

  /** The same of a page that is there. */
  static of(page: Page): LabPage {
    return new LabPage(page);
  }

  /** With the page its machines end. Whatever went wrong in it unseen is a failure. */
  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.#problems).toEqual([]);
  }

  get root(): Locator {
    return this.page.locator('section.lab');
  }

  async expectState(state: 'running' | 'frozen' | 'failed'): Promise<void> {
    await expect(this.root).toHaveAttribute('data-state', state, slow);
  }

  /** Presses Start, and waits until the lab runs. */
  async start(): Promise<void> {
    await this.page.getByRole('button', { name: 'Start the lab' }).click();
    await this.expectState('running');
  }

  tab(name: 'Picture' | 'Terminal' | 'Packets'): Locator {
    return this.page.getByRole('tab', { name, exact: true });
  }

  /** The tools over the picture. */
  get toolbar(): Locator {
    return this.page.getByRole('toolbar', { name: 'Picture' });
  }

  /** The tab of a terminal. */
  terminalTab(machine: string, number = 1): Locator {
    return this.page.getByRole('tab', { name: `${machine} · ${number}` });
  }

  terminal(machine: string, number = 1): Locator {
    return this.page.locator(`#term-${machine}-${number}`);
  }

  /** What a terminal shows, a string a row, without the empty rows below. */
  async rows(machine: string): Promise<string[]> {
    const all = await this.terminal(machine).locator('.xterm-rows > div').allTextContents();
    return all
      .map((row) => row.replaceAll('\u00a0', ' ').trimEnd())
      .join('\n')
      .trimEnd()
      .split('\n');
  }

  async screen(machine: string): Promise<string> {
    return (await this.rows(machine)).join('\n');
  }

  /** The same in one line: a narrow terminal breaks lines anywhere. */
  async flatScreen(machine: string): Promise<string> {
    return (await this.rows(machine)).join('');
  }

  /** Waits until the last row is a prompt. */
  async expectPrompt(machine: string): Promise<void> {
    await expect.poll(async () => (await this.rows(machine)).at(-1), slow).toMatch(new RegExp(`root@${machine}:~#$`));
  }

  /** Types a line into the first terminal of a machine, which is in sight; waits for nothing. */
  async type(machine: string, line: string): Promise<void> {
    await this.terminal(machine).locator('.xterm-helper-textarea').focus();
    await this.page.keyboard.type(`${line}\n`);
  }

  /** The Run button of a command of the prose. */
  command(text: string, machine = 'host-01'): Locator {
    return this.page.getByRole('button', { name: `Run on ${machine}: ${text}` });
  }

  /** Puts a display filter on the list of packets. */
  async filterPackets(filter: string): Promise<void> {
    const line = this.page.getByRole('combobox', { name: 'Display filter', exact: true });
    await line.fill(filter);
    await line.press('Enter');
  }

  get packets(): Locator {
    return this.page.getByRole('grid', { name: 'Packets' });
  }
}

/** The panel under the picture, where time is stopped and stepped. */
export class TimePanel {
  readonly root: Locator;

  constructor({ page }: LabPage) {
    this.root = page.getByRole('region', { name: 'Time', exact: true });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** What is said of a step, to those who listen. */
  get said(): Locator {
    return this.root.locator('[aria-live=polite]');
  }

  get way(): Locator {
    return this.root.getByRole('region', { name: 'Way of the packet' });
  }

  get filter(): Locator {
    return this.root.getByLabel('Stop time at packets that match this display filter');
  }
}
