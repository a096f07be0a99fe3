// The first episode in Firefox: the lab starts, what a reader runs is typed and answered, and packets are seen.
import { expect, test } from '@playwright/test';
import type { Browser, Page } from 'puppeteer-core';
import { launchFirefox } from '../support/firefox.ts';
import { episodes } from './support/lab-page.ts';

const host = 'host-01';
const patient = { timeout: 180_000 };

let browser: Browser;
test.beforeAll(async () => {
  browser = await launchFirefox();
});
test.afterAll(() => browser?.close());

const screen = (page: Page): Promise<string> =>
  page.$$eval(`#term-${host}-1 .xterm-rows > div`, (rows) =>
    rows
      .map((row) => (row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd())
      .join('\n')
      .trimEnd(),
  );

/** Presses Run, and waits for what the terminal prints and for its next prompt. */
async function run(page: Page, command: string, printed: RegExp): Promise<void> {
  await page.locator(`button[aria-label="Run on ${host}: ${command}"]`).click();
  await expect.poll(() => screen(page), patient).toMatch(printed);
  await expect.poll(() => screen(page), patient).toMatch(/# ?$/);
}

test('starts the lab, types the first commands, and shows the packets that they move', async ({ baseURL }) => {
  test.setTimeout(420_000);
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));

  await page.goto(`${baseURL}${episodes.superBridge}`);
  await page.locator('[data-card=off] [data-do=start]').click();
  await page.waitForSelector('section.lab[data-state=running]', patient);
  await expect.poll(() => screen(page), patient).toMatch(/# ?$/);

  await run(page, 'ip -brief addr', /172\.17\.0\.1\/16/);
  await run(page, 'docker run -d --name web whoami', /[0-9a-f]{40}/);
  await run(page, 'docker run -d --name client toolbox sleep infinity', /client toolbox sleep infinity\s+[0-9a-f]{40}/);
  await run(page, 'docker exec client ping -c 3 172.17.0.2', /3 (packets )?received/);

  await page.locator('#lab-tab-packets').click();
  // A question, its answer, a ping and its reply, at least once each.
  await expect.poll(() => page.$$eval('.pk-row', (rows) => rows.length), patient).toBeGreaterThanOrEqual(4);
  const list = await page.$$eval('.pk-row', (rows) => rows.map((row) => row.textContent ?? '').join('\n'));
  expect(list).toContain('Who has 172.17.0.2?');
  expect(list).toContain('Echo (ping) request');
  // And the picture has the containers.
  await expect
    .poll(() => page.$eval('[data-pane=picture]', (pane) => pane.textContent ?? ''), patient)
    .toMatch(/web[\s\S]*client|client[\s\S]*web/);
  expect(problems).toEqual([]);
  await page.close();
});
