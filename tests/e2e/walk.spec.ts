// Walks through recordings: what a reader does with them, and what is left of them without a screen, a script or motion.
import { expect, type Locator, type Page, test } from '@playwright/test';
import { episodes } from './support/lab-page.ts';
import { expectNoViolations } from './support/sound.ts';

const episode = episodes.superBridge;
/** The page of the recorded TCP connection. */
const withConnection = episodes.throughTheKeyhole;

const ping = (page: Page): Locator => page.getByRole('group', { name: 'Recording: The first ping, hop by hop' });
const count = (walk: Locator): Locator => walk.locator('.walk-count');
const current = (walk: Locator): Locator => walk.locator('[aria-current=step]');

test('the keyboard goes through the steps, and what listens is told', async ({ page }) => {
  await page.goto(episode);
  const walk = ping(page);
  await walk.getByRole('slider', { name: 'Step' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(count(walk)).toHaveText('2 / 9');
  await expect(walk.locator('[aria-live=polite]')).toHaveText(
    /^Step 2 of 9\. ARP Who has 172\.17\.0\.2\? Tell 172\.17\.0\.3\. Through the bridge docker0, .* to eth0 of web\. Nothing in the packet changed\.$/,
  );
  await page.keyboard.press('End');
  await expect(count(walk)).toHaveText('9 / 9');
  await expect(walk.locator('.walk-line-of:visible')).toContainText('Echo (ping) reply');
  await expect(walk.getByText('That is the question.')).toBeHidden();
  await page.keyboard.press('ArrowRight');
  await expect(count(walk)).toHaveText('9 / 9');
  await page.keyboard.press('ArrowLeft');
  await expect(current(walk)).toHaveAttribute('aria-label', /^Step 8: in at veth/);
  await page.keyboard.press('Home');
  await expect(count(walk)).toHaveText('1 / 9');
  await expect(walk.getByText('That is the question.')).toBeVisible();

  // The space bar plays, and pauses.
  await page.keyboard.press('Space');
  await expect(walk.getByRole('button', { name: 'Pause' })).toBeVisible();
  await page.keyboard.press('Space');
  await expect(walk.getByRole('button', { name: 'Play' })).toBeVisible();

  // Outside, the same keys are the page's own.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const before = await count(walk).textContent();
  await page.keyboard.press('ArrowRight');
  await expect(count(walk)).toHaveText(before ?? '');
});

test('buttons and slider go forward, back, to both ends and anywhere; playing ends at the end', async ({ page }) => {
  await page.goto(episode);
  const walk = ping(page);
  await walk.getByRole('button', { name: 'Forward' }).click();
  await expect(count(walk)).toHaveText('2 / 9');
  await walk.getByRole('button', { name: 'To the end' }).click();
  await walk.getByRole('button', { name: 'Back', exact: true }).click();
  await expect(count(walk)).toHaveText('8 / 9');
  await walk.getByRole('button', { name: 'Play' }).click();
  await expect(count(walk)).toHaveText('9 / 9');
  await expect(walk.getByRole('button', { name: 'Play' })).toBeVisible();
  await walk.getByRole('slider').fill('4');
  await expect(count(walk)).toHaveText('4 / 9');
  await walk.getByRole('button', { name: 'To the start' }).click();
  await expect(count(walk)).toHaveText('1 / 9');
});

test('a step has an address of its own', async ({ page }) => {
  await page.goto(`${episode}#walk-first-ping-4`);
  const walk = ping(page);
  await expect(count(walk)).toHaveText('4 / 9');
  await expect(walk.locator('.walk-hops:visible .walk-chip').first()).toBeInViewport();
  await walk.getByRole('link', { name: /^Step 5/ }).click();
  await expect(page).toHaveURL(/#walk-first-ping-5$/);
  await expect(count(walk)).toHaveText('5 / 9');
  // On a page with several of them, each goes by its own.
  await page.goto(`${withConnection}#walk-same-address-2`);
  await page.evaluate(() => {
    location.hash = '#walk-first-connection-8';
  });
  const other = page.getByRole('group', { name: 'Recording: A first TCP connection' });
  await expect(count(other)).toHaveText('8 / 18');
  await expect(other.locator('.walk-line-of:visible')).toContainText('GET / HTTP/1.1');
});

test('headers open in headers, each field with its sentence', async ({ page }) => {
  await page.goto(`${episode}#walk-first-ping-6`);
  const walk = ping(page);
  await walk.getByText('Headers and fields at step 6').click();
  await walk.locator('summary', { hasText: 'IPv4' }).locator('visible=true').click();
  const field = walk.locator('dl > div:visible', { hasText: 'ip.ttl' });
  await expect(field).toContainText('64');
  await expect(field).toContainText('one');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await walk.getByText('Beside step 6, which it answers').locator('visible=true').click();
  await expect(walk.locator('.walk-answer:visible li', { hasText: 'icmp.type' })).toContainText('8 → 0');
});

test('headers that were opened stay open from step to step, one stack at a time, and leave no gap when they close', async ({
  page,
}) => {
  await page.goto(`${episodes.anAddressForEveryone}#walk-overlay-ping-2`);
  const walk = page.getByRole('group', { name: 'Recording: A ping from host to host, hop by hop' });
  const before = (await walk.boundingBox())?.height;
  const panel = walk.locator('.walk-headers > summary');
  await panel.click();
  const ttl = walk.locator('dl > div:visible', { hasText: 'ip.ttl' });
  await walk.locator('.walk-layer summary', { hasText: '10.2.21.2 → 10.2.22.2' }).click();
  await expect(ttl).toContainText('64');
  await page.keyboard.press('ArrowRight');
  await expect(panel).toHaveText('Headers and fields at step 3');
  await expect(ttl).toContainText('63 was 64');
  await expect(walk.locator('.walk-hop.is-now .walk-strip li').first()).toHaveText('IPv4 20 changed');
  await page.keyboard.press('ArrowRight');
  // The same header is inside others now: it is open, they are not, and it has the focus still.
  await expect(ttl).toHaveCount(1);
  await expect(walk.locator('.walk-headers summary:focus')).toContainText('10.2.21.2 → 10.2.22.2');
  await expect(walk.locator('.walk-hop.is-now .walk-strip li')).toHaveText([
    'IPv4 20 new',
    'UDP 8 new',
    'VXLAN 8 new',
    'Ethernet 14 new',
    'IPv4 20',
    'ICMP 8',
    'Data 56',
  ]);
  await expect(walk.locator('.walk-layers:visible')).toHaveCount(1);
  await panel.click();
  expect((await walk.boundingBox())?.height).toBe(before);
});

test('headers open as well on a page that took the place of another one', async ({ page }) => {
  await page.goto('/about/');
  await page.getByRole('button', { name: 'Episodes' }).click();
  await page.getByRole('link', { name: 'The super bridge' }).first().click();
  await expect(page).toHaveURL(episode);
  const walk = ping(page);
  await walk.getByText('Headers and fields at step 1').click();
  await expect(walk.locator('.walk-layer')).toHaveCount(2);
});

test('a TCP connection counts from its beginning, and the numbers on the cable are in the header', async ({ page }) => {
  await page.goto(`${episodes.throughTheKeyhole}#walk-first-connection-1`);
  const walk = page.getByRole('group', { name: 'Recording: A first TCP connection' });
  await expect(walk.locator('.walk-line-of:visible')).toContainText('[SYN] Seq=0 ');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(walk.locator('.walk-line-of:visible')).toContainText('[SYN, ACK] Seq=0 Ack=1 ');
  await walk.getByText('Headers and fields at step 3').click();
  await walk.locator('.walk-layer summary', { hasText: 'TCP' }).click();
  await expect(walk.locator('.walk-layer dl > div', { hasText: 'tcp.ack_raw' }).locator('code')).toHaveText(/^\d{6,}$/);
});

test('a picture that is wider than its place says so at the edge, and goes there', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${episodes.anAddressForEveryone}#walk-overlay-ping-1`);
  const view = page.locator('.walk-packet.is-now .walk-view').first();
  await expect(view).toHaveAttribute('data-more', 'left right');
  await view.locator('.walk-more.is-right').click();
  await view.locator('.walk-more.is-right').click();
  await expect(view.locator('.walk-more.is-left')).toBeVisible();
  await page
    .getByRole('group', { name: /^Recording: A ping from host/ })
    .getByRole('button', { name: 'To the end' })
    .click();
  await expect(page.locator('.walk-packet.is-now .walk-stop[data-n="18"]').first()).toBeInViewport({ ratio: 1 });
});

test('nothing moves the text below, whatever is shown', async ({ page }) => {
  await page.goto(episode);
  const walk = ping(page);
  await walk.scrollIntoViewIfNeeded();
  await expect(page.locator('lockstep-walk.is-near', { has: walk })).toHaveCount(1);
  const height = (await walk.boundingBox())?.height;
  for (let step = 2; step <= 9; step++) {
    await walk.getByRole('button', { name: 'Forward' }).click();
    expect((await walk.boundingBox())?.height).toBe(height);
  }
});

test('the home page opens with one that plays, and rests while nobody sees it', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto('/');
  const walk = page.getByRole('group', { name: 'Recording: A ping between two containers' });
  await expect(walk).toBeInViewport();
  await expect(walk.getByRole('button', { name: 'Pause' })).toBeVisible();
  await expect(count(walk)).toHaveText('2 / 9', { timeout: 10_000 });
  // Nobody asked for it: it is not read out.
  await expect(walk.locator('[aria-live=polite]')).toHaveText('');
  await page.evaluate(() => scrollTo({ top: document.body.scrollHeight, behavior: 'instant' }));
  await expect(walk).not.toBeInViewport();
  const there = await count(walk).textContent();
  // Longer than any step stays.
  await page.waitForTimeout(5000);
  expect(await count(walk).textContent()).toBe(there);
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
  await expect(count(walk)).not.toHaveText(there ?? '', { timeout: 10_000 });
  await walk.getByRole('button', { name: 'Pause' }).click();
  await expect(walk.getByRole('button', { name: 'Play' })).toBeVisible();
});

test('with reduced motion nothing plays by itself, and steps do not glide', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/');
  const walk = page.getByRole('group', { name: 'Recording: A ping between two containers' });
  await expect(walk.getByRole('button', { name: 'Play' })).toBeVisible();
  await walk.getByRole('button', { name: 'Forward' }).click();
  await expect(count(walk)).toHaveText('2 / 9');
  expect(await walk.evaluate((element) => element.getAnimations({ subtree: true }).length)).toBe(0);
});

test('without JavaScript it is text with still pictures', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: baseURL ?? '' });
  const page = await context.newPage();
  await page.goto(episode);
  const walk = ping(page);
  await expect(walk.getByRole('img')).toHaveCount(4);
  for (const picture of await walk.getByRole('img').all()) await expect(picture).toBeVisible();
  for (const step of await walk.locator('.walk-step').all()) await expect(step).toBeVisible();
  await expect(walk.locator('.walk-layers-title:visible')).toHaveText(Array(4).fill('The packet, headers in headers'));
  await walk.locator('.walk-layer summary').nth(1).click();
  await expect(walk.locator('dl > div:visible').filter({ has: page.locator('dt:text-is("arp.opcode")') })).toHaveCount(
    1,
  );
  await expect(walk.getByRole('button')).toHaveCount(0);
  await walk.getByRole('link', { name: /^Step 9/ }).click();
  await expect(page).toHaveURL(/#walk-first-ping-9$/);
  await context.close();
});

test('in print it is a table of steps', async ({ page }) => {
  await page.goto(episode);
  await page.emulateMedia({ media: 'print' });
  const walk = ping(page);
  await expect(walk.getByRole('row')).toHaveCount(1 + 4 + 9);
  await expect(walk.getByRole('row').last()).toContainText('out at veth');
  await expect(walk.getByRole('button', { name: 'Forward' })).toBeHidden();
  await expect(walk).toContainText('A real run of the lab The super bridge');
});

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing in a walk, and it fits on a phone: ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${withConnection}#walk-first-connection-8`);
    const walk = page.getByRole('group', { name: 'Recording: A first TCP connection' });
    await walk.locator('.walk-headers > summary').click();
    for (const summary of await walk.locator('.walk-packet.is-now summary, .walk-layer summary').all())
      await summary.click();
    const wide = await walk
      .locator('.walk-packet.is-now *, .walk-headers *')
      .evaluateAll((parts) =>
        parts.filter((part) => part.getBoundingClientRect().right > innerWidth + 0.5).map((part) => part.outerHTML),
      );
    expect(wide).toEqual([]);
    await expectNoViolations(page, 'lockstep-walk');
  });
}
