// From page to page without loading: everything of a page works on the next one, and back.
import { expect, type Page, test } from '@playwright/test';
import { episodes } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes } from './support/sound.ts';

const mark = (page: Page): Promise<unknown> => page.evaluate(() => Object.assign(globalThis, { stillHere: true }));
const isSamePage = (page: Page): Promise<boolean> => page.evaluate(() => 'stillHere' in globalThis);
const follow = (page: Page, name: string): Promise<void> =>
  page.locator('footer.foot').getByRole('link', { name, exact: true }).click();

let problems: string[] = [];
test.beforeEach(({ page }) => {
  problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
});
test.afterEach(() => expect(problems).toEqual([]));

test('a link exchanges the page, announces its title, and Back restores the scroll', async ({ page }) => {
  await page.goto(episodes.superBridge);
  await mark(page);
  await page.evaluate(() => scrollTo({ top: 1200, behavior: 'instant' }));
  await page.waitForTimeout(200);
  await follow(page, 'Glossary');
  await expect(page).toHaveURL(/\/glossary\/$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Glossary');
  await expect(page.locator('.astro-route-announcer')).toContainText('Glossary');
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`${episodes.superBridge}$`));
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(1000);
  expect(await isSamePage(page)).toBe(true);
});

test('a link with a fragment leads to its place on the next page', async ({ page }) => {
  await page.goto('/about/');
  await mark(page);
  await page.evaluate((path) => {
    const link = document.createElement('a');
    link.href = `${path}#_top`;
    document.querySelector('main')?.append(link);
    link.id = 'there';
    link.textContent = 'there';
  }, episodes.superBridge);
  await page.locator('#there').click();
  await expect(page).toHaveURL(new RegExp(`${episodes.superBridge}#_top$`));
  expect(await isSamePage(page)).toBe(true);
});

test('the theme that was chosen stays, and can be changed on the next page', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/about/');
  const button = page.getByRole('button', { name: /^Theme:/ });
  await button.click();
  await button.click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await follow(page, 'Commands');
  await expect(page).toHaveURL(/\/commands\/$/);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await button.click();
  await expect(button).toHaveAccessibleName('Theme: Auto. Change');
  // Nobody of the page before answers.
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});

test('search opens once, by its key, and leads on', async ({ page }) => {
  await page.goto('/about/');
  await mark(page);
  await follow(page, 'Glossary');
  await expect(page).toHaveURL(/\/glossary\/$/);
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: 'Search the course' }).fill('veth');
  await expect(page.locator('.search-results a').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/\/glossary\/$/);
  await expect(page.getByRole('dialog')).toBeHidden();
  expect(await isSamePage(page)).toBe(true);
});

test('words of the glossary, walks and command blocks work on a page that was exchanged', async ({ page }) => {
  await page.goto('/about/');
  await mark(page);
  await page.getByRole('banner').getByRole('button', { name: 'Episodes' }).click();
  await page.getByRole('banner').locator(`a[href$="${episodes.superBridge}"]`).click();
  await expect(page).toHaveURL(new RegExp(`${episodes.superBridge}$`));
  const word = page.locator('main a[href*="/glossary/#"]').first();
  await expect(word).toHaveAttribute('aria-haspopup', 'dialog');
  await word.click();
  await expect(page.locator('#glossary-word')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('#glossary-word')).toBeHidden();
  const walk = page.locator('lockstep-walk').first();
  await walk.scrollIntoViewIfNeeded();
  const count = walk.locator('.walk-count');
  await walk.locator('[data-do=end]').click();
  await expect(count).not.toHaveText(/^1 \//);
  await expect(page.getByRole('button', { name: 'Start the lab' })).toBeVisible();
  expect(await isSamePage(page)).toBe(true);
  await expectNoViolationsInBothThemes(page);
});

test('a page looks the same, loaded or exchanged', async ({ page }) => {
  const look = (): Promise<string[]> =>
    page.evaluate(() =>
      ['body', 'h1', '.bar', '.lab-card .is-primary', 'main p', '.run-line', '.walk-scroll', 'footer a'].map(
        (selector) => {
          const element = document.querySelector(selector);
          if (element === null) return `${selector}: none`;
          const { font, color, padding, backgroundColor, width } = getComputedStyle(element);
          return `${selector}: ${font} ${color} ${padding} ${backgroundColor} ${width}`;
        },
      ),
    );
  await page.goto(episodes.superBridge);
  const loaded = await look();
  await page.goto('/');
  await follow(page, 'About, licences, privacy');
  await expect(page).toHaveURL(/\/about\/$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/$/);
  await page.locator(`main a[href$="${episodes.superBridge}"]`).first().click();
  await expect(page).toHaveURL(new RegExp(`${episodes.superBridge}$`));
  await expect.poll(look).toEqual(loaded);
});
