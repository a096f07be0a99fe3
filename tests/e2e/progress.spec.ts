// What the course remembers of its reader, on pages without a lab: nothing at first, and nothing that jumps later.
import { expect, type Page, test } from '@playwright/test';
import { episodes } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes, expectToFit } from './support/sound.ts';

const episode = episodes.superBridge;
const name = '1-the-super-bridge';

/** The keys of the episode's commands, as the build wrote them into the menu. */
async function keys(page: Page): Promise<string[]> {
  const text = await page.locator(`#course-menu lockstep-done[data-page="${name}"]`).getAttribute('data-commands');
  return (text ?? '').split(' ');
}

/** A reader who has run the first commands of the episode, and comes again. */
async function comeAgain(page: Page, count: number): Promise<string[]> {
  await page.goto(episode);
  const all = await keys(page);
  await page.evaluate(
    ([page, done]) => localStorage.setItem('lockstep-progress', JSON.stringify({ done: { [page]: done } })),
    [name, all.slice(0, count)] as const,
  );
  await page.reload();
  return all;
}

/** How much moved by itself since the page was opened (Cumulative Layout Shift). */
const shifted = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) sum += entry.value;
        }).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve(sum), 500);
      }),
  );

test('whoever comes for the first time is told nothing of it', async ({ page }) => {
  await page.goto(episode);
  await expect(page.locator('lockstep-run .run-tick:visible')).toHaveCount(0);
  await expect(page.locator('.is-done')).toHaveCount(0);
  await page.getByRole('button', { name: 'Episodes' }).click();
  await expect(page.getByRole('button', { name: 'Forget my progress' })).toBeHidden();
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'Resume where you were' })).toHaveCount(0);
  await expect(page.locator('main')).not.toContainText(/\d+ of \d+ commands/);
});

test('the build and the page know the same commands, and count the same', async ({ page }) => {
  const all = await comeAgain(page, Number.POSITIVE_INFINITY);
  const blocks = page.locator('lockstep-run:not([data-free])');
  await expect(blocks).toHaveCount(all.length);
  await expect(blocks.locator('.run-tick:visible')).toHaveCount(all.length);
  await page.getByRole('button', { name: 'Episodes' }).click();
  await expect(page.locator('#course-menu')).toContainText(`✓ all ${all.length} commands`);
});

test('what was run has a ✓, and so has a section when all of it was', async ({ page }) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await comeAgain(page, 5);
  await expect(page.locator('lockstep-run .run-tick:visible')).toHaveCount(5);
  const done = await page.evaluate(() => {
    const parts = [...document.querySelectorAll('main h2[id], main lockstep-run')];
    const sections = new Map<string, boolean[]>();
    let section = '';
    for (const part of parts) {
      if (part.tagName === 'H2') section = part.id === '_top' ? section : part.id;
      else
        sections.set(section, [
          ...(sections.get(section) ?? []),
          !part.querySelector<HTMLElement>('.run-tick')?.hidden,
        ]);
    }
    return [...sections].filter(([, ticks]) => ticks.every(Boolean)).map(([id]) => `#${id}`);
  });
  expect(done.length).toBeGreaterThan(0);
  const marked = page.locator('nav.contents .is-done a');
  expect(await marked.evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).hash))).toEqual(done);
  await expectNoViolationsInBothThemes(page);
});

test('the place that was read last can be gone back to', async ({ page }) => {
  await page.goto(episode);
  const heading = page.locator('main h2[id]').nth(3);
  const [id, title] = [await heading.getAttribute('id'), await heading.textContent()];
  await heading.evaluate((element) => element.scrollIntoView());
  await expect.poll(() => page.evaluate(() => localStorage.getItem('lockstep-progress') ?? '')).toContain(`"${id}"`);
  await page.goto('/');
  const resume = page.getByRole('link', { name: 'Resume where you were' });
  await expect(resume.locator('..')).toContainText(`Episode 1, The super bridge: “${title?.trim()}”`);
  await expectNoViolationsInBothThemes(page);
  await resume.click();
  await expect(page).toHaveURL(new RegExp(`${episode}#${id}$`));
  await expect(page.locator(`[id="${id}"]`)).toBeInViewport();
});

test('the rest of the page takes less and less time', async ({ page }) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.goto(episode);
  const left = page.locator('.contents-left');
  await expect(left).toHaveText(/^about \d+ min left$/);
  const minutes = async () => Number.parseInt((await left.textContent())?.replace(/\D/g, '') || '0', 10);
  const first = await minutes();
  await page
    .locator('main h2[id]')
    .nth(4)
    .evaluate((element) => element.scrollIntoView());
  await expect.poll(minutes).toBeLessThan(first);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(left).toHaveText('');
});

test('nothing of it moves the page, at any width', async ({ page }) => {
  await comeAgain(page, 9);
  await page
    .locator('main h2[id]')
    .nth(3)
    .evaluate((element) => element.scrollIntoView());
  await page.waitForTimeout(300);
  for (const [width, height] of [
    [390, 844],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const path of ['/', episode]) {
      await page.goto(path);
      expect(await shifted(page), path).toBeLessThan(0.01);
      await expectToFit(page);
    }
  }
});

test('it can be forgotten, and brought back at once', async ({ page }) => {
  await comeAgain(page, 9);
  await page.getByRole('button', { name: 'Episodes' }).click();
  const menu = page.locator('#course-menu');
  await expect(menu).toContainText('9 of ');
  await menu.getByRole('button', { name: 'Forget my progress' }).click();
  await expect(menu).not.toContainText('9 of ');
  await expect(menu).toContainText('Forgotten.');
  await expect(page.locator('lockstep-run .run-tick:visible')).toHaveCount(0);
  await menu.getByRole('button', { name: 'Bring it back' }).click();
  await expect(menu).toContainText('9 of ');
  await expectNoViolationsInBothThemes(page);
});

test('storage that holds nonsense is no obstacle', async ({ page }) => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto('/');
  for (const stored of ['{', '[]', '{"done":{"1-the-super-bridge":7},"place":{"page":{},"section":[]}}']) {
    await page.evaluate((text) => localStorage.setItem('lockstep-progress', text), stored);
    for (const path of ['/', episode]) await page.goto(path);
  }
  expect(problems).toEqual([]);
});

test('an episode ends with the way to the next one', async ({ page }) => {
  await page.goto(episode);
  await page.getByRole('link', { name: /^Next episode →/ }).click();
  await expect(page).toHaveURL(new RegExp(`${episodes.throughTheKeyhole}$`));
  await page.getByRole('link', { name: /^← Previous episode/ }).click();
  await expect(page).toHaveURL(new RegExp(`${episode}$`));
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });
  test('nothing is said of progress', async ({ page }) => {
    await page.goto(episode);
    await expect(page.locator('.run-tick:visible, lockstep-forget:visible')).toHaveCount(0);
    await expect(page.locator('.run-report:visible')).toHaveCount(0);
    await page.goto('/');
    await expect(page.locator('main')).not.toContainText(/Resume|commands$/);
  });
});
