// A reader of episode 1 stops time: steps an ARP request and its answer, breaks at the echo reply, and goes on.
import { expect, test } from '@playwright/test';
import { episodes, LabPage, slow, TimePanel } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes } from './support/sound.ts';

test.describe.configure({ mode: 'serial', timeout: 300_000 });

const host = 'host-01';
const ping = 'docker exec client ping -c 3 172.17.0.2';

let lab: LabPage;
let time: TimePanel;

test.beforeAll(async ({ browser }) => {
  lab = await LabPage.open(browser, episodes.superBridge);
  time = new TimePanel(lab);
  await lab.start();
  await lab.expectPrompt(host);
  for (const command of ['docker run -d --name web whoami', 'docker run -d --name client toolbox sleep infinity']) {
    await lab.command(command).click();
    await expect(lab.terminal(host)).toContainText(/[0-9a-f]{64}/, slow);
    await lab.expectPrompt(host);
  }
});
test.afterAll(() => lab.close());

/** Steps on, and waits until that is said. */
async function step(): Promise<string> {
  const before = await time.said.textContent();
  await time.button('Step').click();
  await expect(time.said).not.toHaveText(before ?? '', slow);
  await expect(time.said).toContainText('Step ');
  return (await time.said.textContent()) ?? '';
}

test('a filter that cannot be read is shown with what is wrong, and where', async () => {
  await lab.page.getByRole('button', { name: 'Stop time' }).click();
  await lab.expectState('frozen');
  await expect(time.said).toHaveText('Time stands still.');
  await time.button('Breakpoints').click();
  await time.filter.fill('icmp.typ == 0');
  await time.button('Add breakpoint').click();
  await expect(time.root.getByRole('alert')).toContainText('icmp.typ == 0\n^~~~~~~~');
  await expect(time.root.getByRole('alert')).toContainText('Did you mean "icmp.type"?');
});

test('an ARP request and its answer are stepped, device by device', async () => {
  await time.filter.fill('arp.dst.proto_ipv4 == 172.17.0.2');
  await lab.command(ping).click();
  // It is typed as soon as time goes on.
  await time.button('Run to it once').click();
  await expect(time.said).toContainText('ARP: Who has 172.17.0.2? Tell 172.17.0.3, in at veth', slow);
  await lab.expectState('frozen');
  await expect(time.said).toContainText(
    /A look back: \d+ more sightings? since\.|The last sighting before time stopped\./,
  );
  await expect(time.way.getByRole('link').first()).toHaveAttribute('aria-current', 'step');

  // Flooded: out at the other port, and up to the host itself; then the answer, in and out.
  const steps = [await step(), await step(), await step(), await step()];
  expect(steps.filter((words) => words.includes('Who has 172.17.0.2?'))).toHaveLength(2);
  expect(steps.some((words) => words.includes('in at docker0'))).toBe(true);
  const answer = 'ARP: 172.17.0.2 is at 02:42:ac:11:00:02';
  expect(steps.filter((words) => words.includes(answer))).toHaveLength(2);
  // Frozen at that moment, its kernel may not have said yet that it dropped nothing.
  await expect(time.way).toContainText(/Delivered, by inference|Got there, end not known/);
  await lab.expectState('frozen');
});

test('every step has a link, and keys of its own while the focus is inside', async () => {
  const here = (await time.said.textContent()) ?? '';
  const place = new URL(lab.page.url()).hash;
  expect(place).toMatch(/^#step-\d+$/);
  await time.way.getByRole('link').first().focus();
  await lab.page.keyboard.press('ArrowLeft');
  await expect(time.said).not.toHaveText(here);
  await lab.page.keyboard.press('Home');
  await expect(time.said).toContainText('Step 1:');
  expect(new URL(lab.page.url()).hash).toBe('#step-1');
  await lab.page.evaluate((hash) => {
    location.hash = hash;
  }, place);
  await expect(time.said).toHaveText(here);
  // Outside, the keys are the page's.
  await lab.command(ping).focus();
  await lab.page.keyboard.press('Home');
  await expect(time.said).toHaveText(here);
  await lab.expectState('frozen');
});

test('a breakpoint stops at the echo reply, whose id is the request’s; ping notices nothing', async () => {
  await time.filter.fill('icmp.type == 0');
  await time.button('Add breakpoint').click();
  await expect(time.root.getByRole('list', { name: 'Breakpoints' })).toContainText('not hit yet');
  await lab.page.getByRole('button', { name: 'Go on' }).click();
  await expect(time.said).toContainText('Echo (ping) reply', slow);
  await lab.expectState('frozen');
  await expect(time.root.getByRole('list', { name: 'Breakpoints' })).toContainText('hit once, time stopped here');
  const idOf = async () => /id=(0x[0-9a-f]+)/.exec((await time.said.textContent()) ?? '')?.[1];
  const reply = await idOf();
  expect(reply).toBeDefined();
  // The request is two sightings back: in at one cable, out at the other, and the reply comes in there.
  await time.button('Step back').click();
  await expect(time.said).toContainText('Echo (ping) request');
  expect(await idOf()).toBe(reply);
  await time.way.getByRole('link', { name: 'To its answer' }).click();
  await expect(time.said).toContainText('Echo (ping) reply');

  // Longer than ping would wait, were it not for its clock.
  await lab.page.waitForTimeout(15_000);
  await time.root.getByRole('button', { name: 'Remove the breakpoint icmp.type == 0' }).click();
  await lab.page.getByRole('button', { name: 'Go on' }).click();
  await lab.expectState('running');
  await expect(lab.terminal(host)).toContainText('0% packet loss', slow);
  const longest = Number(/min\/avg\/max = [\d.]+\/[\d.]+\/([\d.]+) ms/.exec(await lab.screen(host))?.[1]);
  expect(longest).toBeLessThan(5000);
});

test('what happened is played again, step by step, at its own pace', async () => {
  await time.button('To the first packet').click();
  await expect(time.said).toContainText('Step 1:');
  await time.button('Play').click();
  await expect(time.said).toContainText(/Step [3-9]:/);
  await time.button('Pause').click();
  await expect(time.button('Play')).toBeVisible();
  await lab.expectState('running');
  await time.button('Back to now').click();
  await expect(time.button('Play')).toHaveCount(0);
});

test('with reduced motion the picture steps without gliding, and axe finds nothing in either theme', async () => {
  await lab.page.emulateMedia({ reducedMotion: 'reduce' });
  await time.button('To the first packet').click();
  await expect(time.said).toContainText('Step 1:');
  await expectNoViolationsInBothThemes(lab.page);
});
