// What every page is asked, whatever is on it: whether axe finds fault with it, and whether it fits into the window.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Of axe's rules those that look at colours: all else is the same in every theme. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** axe finds nothing, in the theme that the page has now. @param within a selector; the whole page if there is none */
export async function expectNoViolations(page: Page, within?: string, rules?: string[]): Promise<void> {
  const axe = new AxeBuilder({ page });
  if (within !== undefined) axe.include(within);
  if (rules !== undefined) axe.withRules(rules);
  const { violations } = await axe.analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}

/** The same in the light theme and in the dark one, which the page has afterwards. */
export async function expectNoViolationsInBothThemes(page: Page, within?: string): Promise<void> {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((value) => {
      document.documentElement.dataset.theme = value;
    }, theme);
    await expectNoViolations(page, within, theme === 'dark' ? COLOURS : undefined);
  }
}

/** Nothing has to be scrolled sideways. */
export async function expectToFit(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, `px too wide for ${page.viewportSize()?.width} px`).toBeLessThanOrEqual(0);
}
