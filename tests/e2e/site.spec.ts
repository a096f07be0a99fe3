// The site before any lab is started: what a reader sees on a phone, a tablet and a desk, in both themes.
import { gzipSync } from 'node:zlib';
import { expect, type Page, test } from '@playwright/test';
import { episodes } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes, expectToFit } from './support/sound.ts';

const episode = episodes.superBridge;
const pages = [
  '/',
  episode,
  episodes.throughTheKeyhole,
  '/episodes/3-three-promises/',
  episodes.anAddressForEveryone,
  episodes.whoWritesWhoCarries,
  '/glossary/',
  '/commands/',
  '/keys/',
  '/open/',
  '/about/',
  '/no/such/page/',
];
const widths = [
  { width: 390, height: 844 },
  { width: 1024, height: 768 },
  { width: 1920, height: 1080 },
];

/** The addresses that a page links to on this site, without the fragment. */
async function internalLinks(page: Page): Promise<string[]> {
  const urls = await page
    .locator('a[href]')
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
  const here = new URL(page.url()).origin;
  return urls.filter((url) => new URL(url).origin === here);
}

for (const path of pages) {
  test(`axe finds nothing on ${path}, in both themes`, async ({ page }) => {
    await page.goto(path);
    await expectNoViolationsInBothThemes(page);
  });

  test(`${path} fits into every width`, async ({ page }) => {
    await page.goto(path);
    for (const viewport of widths) {
      await page.setViewportSize(viewport);
      await expectToFit(page);
    }
  });
}

test('axe finds nothing in the open sheet of a phone, in both themes', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(episode);
  await page.getByRole('button', { name: 'Open lab' }).click();
  await expect(page.getByRole('button', { name: 'Start the lab' })).toBeInViewport({ ratio: 1 });
  await expectNoViolationsInBothThemes(page);
});

for (const theme of ['light', 'dark'] as const) {
  test.describe(`a reader whose computer is ${theme}`, () => {
    test.use({ colorScheme: theme });
    test('gets that theme', async ({ page }) => {
      await page.goto(episode);
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    });
  });
}

test('every link of the site leads somewhere, and every fragment to a place on its page', async ({ page }) => {
  const seen = new Set<string>();
  const fragments = new Map<string, Set<string>>();
  const queue = ['/'];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path)) continue;
    seen.add(path);
    // A file that is downloaded is no page.
    const isFile = path.endsWith('.pcapng');
    const response = isFile ? await page.request.get(path) : await page.goto(path);
    expect(response?.status(), path).toBe(200);
    if (isFile) continue;
    for (const link of await internalLinks(page)) {
      const url = new URL(link);
      queue.push(url.pathname);
      if (url.hash !== '')
        fragments.set(url.pathname, (fragments.get(url.pathname) ?? new Set()).add(url.hash.slice(1)));
    }
  }
  expect([...seen]).toContain(episode);
  for (const [path, ids] of fragments) {
    await page.goto(path);
    for (const id of ids) expect(await page.locator(`[id="${id}"]`).count(), `${path}#${id}`).toBe(1);
  }
});

test('an address without a page says so, and leads back', async ({ page }) => {
  const response = await page.goto('/no/such/page/');
  expect(response?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No page at this address');
  await page.getByRole('main').getByRole('link', { name: 'the course' }).click();
  await expect(page).toHaveURL('/');
});

test('the map marks what is not written, and opens what is', async ({ page }) => {
  await page.goto('/');
  const entries = page
    .getByRole('main')
    .getByRole('listitem')
    .filter({ hasText: /^\s*Episode \d/ });
  await expect(entries).toHaveCount(9);
  for (const entry of await entries.all()) {
    const written = (await entry.getByRole('link').count()) > 0;
    await expect(entry).toContainText(written ? 'Ready' : 'Not written yet');
  }
  await entries.first().getByRole('link').click();
  await expect(page).toHaveURL(episode);
});

test('a page that is only read fetches at most 40 kB of gzipped JavaScript', async ({ page }) => {
  const scripts: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response.body());
  });
  await page.goto(episode, { waitUntil: 'networkidle' });
  const inline = await page.locator('script:not([src])').allTextContents();
  const sizes = [...(await Promise.all(scripts)), ...inline].map((script) => gzipSync(script).length);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(40_000);
});

for (const viewport of widths) {
  test(`nothing jumps while the episode loads at ${viewport.width} px`, async ({ page }) => {
    await page.setViewportSize(viewport);
    await page.addInitScript(() => {
      Object.assign(globalThis, { shifts: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          Object.assign(globalThis, { shifts: Reflect.get(globalThis, 'shifts') + Reflect.get(entry, 'value') });
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(episode, { waitUntil: 'networkidle' });
    expect(await page.evaluate(() => Reflect.get(globalThis, 'shifts'))).toBeLessThan(0.01);
  });
}

test('an episode is made of so few elements that a phone lays it out at once', async ({ page }) => {
  for (const path of pages.filter((one) => one.includes('/episodes/'))) {
    await page.goto(path);
    // 7,000 elements blocked Lighthouse's phone for 0.3 to 0.8 s (docs/measurements.md).
    expect(await page.locator('*').count(), path).toBeLessThan(5200);
  }
});

test('the lab stands beside the prose and stays in view', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(episode);
  const lab = page.getByRole('region', { name: 'Lab: super bridge' });
  const before = await lab.boundingBox();
  await page.getByRole('heading', { name: 'Where the bridge ends' }).scrollIntoViewIfNeeded();
  expect(await lab.boundingBox()).toEqual(before);
  await expect(lab.getByRole('button', { name: 'Start the lab' })).toBeInViewport({ ratio: 1 });
});

test('a border moves by keyboard, and is where it was after a reload', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(episode);
  const border = page.getByRole('separator', { name: 'Width of the lab' });
  const lab = page.getByRole('region', { name: 'Lab: super bridge' });
  const before = (await lab.boundingBox())?.width ?? 0;
  await border.focus();
  await page.keyboard.press('ArrowLeft');
  const after = (await lab.boundingBox())?.width ?? 0;
  expect(after).toBeGreaterThan(before);
  const value = await border.getAttribute('aria-valuenow');
  await page.reload();
  expect((await lab.boundingBox())?.width).toBeCloseTo(after, 0);
  await expect(border).toHaveAttribute('aria-valuenow', value ?? '');
});

test('nonsense in the storage changes nothing', async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('lockstep-lab', '{"width":"wide","picture":-3,"tab":[],'));
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  await page.goto(episode);
  await expect(page.getByRole('button', { name: 'Start the lab' })).toBeVisible();
  expect(errors).toEqual([]);
});

test('the theme is the reader’s choice, and stays it', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/');
  const button = page.getByRole('button', { name: /^Theme/ });
  await expect(button).toHaveText('Auto');
  await button.click();
  await button.click();
  await expect(button).toHaveText('Dark');
  await page.goto(episode);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(button).toHaveText('Dark');
});

test('a command can be copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(episode);
  const block = page.locator('lockstep-run').first();
  await block.getByRole('button', { name: /^Copy/ }).click();
  await expect(block.getByRole('status')).toHaveText('Copied.');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('ip -brief addr');
});

test('a reader decides before a command: an answer says why, and what should be seen unfolds', async ({ page }) => {
  await page.goto(episode);
  const decide = page.getByRole('group', { name: 'Which way will the ping from client to 172.17.0.2 go?' });
  const see = decide.locator('details.run-see');
  await expect(see).not.toHaveAttribute('open');
  await expect(decide.getByText('Three answers, no loss')).toBeHidden();
  await decide.getByText('Out of the host by its network card').click();
  await expect(decide.getByText('A container is no other machine')).toBeVisible();
  await expect(decide.getByText('Three answers, no loss')).toBeVisible();
  // The others can be read as well, by keyboard too.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(decide.getByText('The first route says that the whole range is on')).toBeVisible();
  await expectNoViolationsInBothThemes(page, 'lockstep-decide');
});

test('a word of the glossary opens where it stands, by pointer and by keyboard, in both themes', async ({ page }) => {
  await page.goto(episode);
  const word = page.getByRole('main').getByRole('link', { name: 'bridge', exact: true }).first();
  await word.click();
  const shown = page.getByRole('dialog', { name: 'Bridge' });
  await expect(shown).toContainText('An Ethernet switch made of software.');
  await expect(shown.getByRole('link', { name: 'In the glossary' })).toHaveAttribute('target', '_blank');
  await expect(page).toHaveURL(episode);
  await expectNoViolationsInBothThemes(page);
  await page.keyboard.press('Escape');
  await expect(shown).toBeHidden();
  await expect(word).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(shown).toBeInViewport({ ratio: 1 });
  await page.setViewportSize({ width: 390, height: 844 });
  await expectToFit(page);
});

test('a word that cannot be fetched says so, and is fetched the next time', async ({ page }) => {
  await page.goto(episode);
  await page.route('**/glossary/', (route) => route.abort());
  const word = page.getByRole('main').getByRole('link', { name: 'bridge', exact: true }).first();
  await word.click();
  await expect(page.getByRole('dialog')).toContainText('could not be fetched');
  await page.unroute('**/glossary/');
  await page.keyboard.press('Escape');
  await word.click();
  await expect(page.getByRole('dialog', { name: 'Bridge' })).toContainText('An Ethernet switch');
});

test('search finds the passage, and takes the reader there', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: 'Search the course' }).fill('veth pair');
  const found = page.getByRole('dialog').getByRole('link');
  await expect(found.filter({ hasText: 'Two containers' })).toContainText('The super bridge');
  await expect(page.getByRole('dialog').getByRole('list')).not.toContainText('CopyRun');
  await page.keyboard.press('ArrowDown');
  await expect(found.first()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('textbox', { name: 'Search the course' })).toBeFocused();
  await found.filter({ hasText: 'Two containers' }).click();
  await expect(page).toHaveURL(`${episode}#two-containers`);
  await expect(page.getByRole('heading', { name: 'Two containers' })).toBeInViewport();
});

test('the course is readable without JavaScript', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: baseURL ?? '' });
  const page = await context.newPage();
  await page.goto(episode);
  await expect(page.getByRole('heading', { name: 'The first ping' })).toBeVisible();
  await expect(page.getByText('docker run -d --name web whoami')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Run on/ }).first()).toBeHidden();
  // What a question keeps folded, the reader unfolds.
  const decide = page.getByRole('group', { name: 'Which way will the ping from client to 172.17.0.2 go?' });
  await decide.getByText('What you should see').click();
  await expect(decide.getByText('Three answers, no loss')).toBeVisible();

  // Nothing that could do nothing; and why.
  await expect(page.getByRole('button', { name: 'Start the lab' })).toBeHidden();
  const why = page.locator('.lab-card noscript p');
  await expect(why).toBeVisible();
  await expect(why).toHaveText(/^The lab needs JavaScript and WebAssembly/);
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await background()).toBe('rgb(252, 252, 250)');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await background()).toBe('rgb(16, 20, 22)');
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.locator('.lab-bar noscript')).toBeVisible();
  await context.close();
});

test('who presses a button that is gone then is beside it, not at the top of the page', async ({ page }) => {
  // A server that does not answer: the lab is on its way for ever.
  await page.route('**/build.json', () => {});
  await page.goto(episode);
  await page.getByRole('button', { name: 'Start the lab' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Start the lab' })).toBeFocused();
  // What is taken out, and what is switched off.
  await page.evaluate(() => {
    const place = document.querySelector('.sl-markdown-content') as HTMLElement;
    place.innerHTML = '<ul><li><button>a</button></li><li><button>b</button></li><li><button>c</button></li></ul>';
    for (const button of place.querySelectorAll('button'))
      button.onclick = () => {
        if (button.textContent === 'b') button.parentElement?.remove();
        else button.disabled = true;
      };
    place.querySelectorAll('button')[1]?.focus();
  });
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'c', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'a', exact: true })).toBeFocused();
  // Who clicks beside everything wants no focus.
  await page.mouse.click(300, 300);
  await page.waitForTimeout(600);
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY');
});

test('a connection that is gone while a lab starts is told of at once', async ({ page, context }) => {
  await page.route('**/build.json', () => {});
  await page.goto(episode);
  await page.getByRole('button', { name: 'Start the lab' }).click();
  await expect(page.locator('.lab-offline')).toBeHidden();
  await context.setOffline(true);
  await expect(page.getByText('The connection is gone. What has arrived is kept')).toBeVisible({ timeout: 1000 });
  await context.setOffline(false);
  await expect(page.locator('.lab-offline')).toBeHidden();
});

test('all keys are one key away, and on a page', async ({ page }) => {
  await page.goto(episode);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByText('follow its conversation')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  // In a field it is a letter.
  await page.keyboard.press('Control+k');
  await page.keyboard.press('?');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('textbox', { name: 'Search the course' })).toHaveValue('?');
  await page.goto('/about/');
  await page.keyboard.press('?');
  await expect(page).toHaveURL('/keys/');
  await expect(page.getByRole('heading', { name: 'In a terminal' })).toBeVisible();
});

test('a section has a link of its own, which is copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(episode);
  const heading = page.getByRole('heading', { name: 'The first ping' });
  await heading.hover();
  await heading.getByRole('link', { name: 'Link to this section' }).click();
  await expect(page).toHaveURL(`${episode}#the-first-ping`);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/\/#the-first-ping$/);
});

test('the header marks where the reader is', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  const marked = page.locator('.bar [aria-current]:visible');
  for (const [path, name] of [
    [episode, 'Episodes'],
    ['/open/', 'Open a capture'],
    ['/about/', 'About'],
    ['/', 'Lockstep'],
  ] as const) {
    await page.goto(path);
    await expect(marked).toHaveText([name]);
  }
});
