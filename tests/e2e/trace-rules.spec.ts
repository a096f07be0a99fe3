// A reader whose ping does not come through asks which rules saw it.
import { expect, test } from '@playwright/test';
import { episodes, LabPage, slow, TimePanel } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes, expectToFit } from './support/sound.ts';

test.describe.configure({ mode: 'serial', timeout: 300_000 });

const host = 'host-01';
// A step back from what comes now shows the last sighting but one, and of a question that a bridge drops there is one only.
const ping = 'docker exec client ping -c 2 -W 1 172.17.0.2';

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

/** Pings, and looks back at the question where it was seen first. */
async function pingAndLook(): Promise<void> {
  await lab.type(host, `clear; ${ping}`);
  await expect(lab.terminal(host)).toContainText('2 packets transmitted', slow);
  await lab.expectPrompt(host);
  await time.button('To the last packet').click();
  for (let steps = 0; steps < 30; steps++) {
    await time.button('Step back').click();
    await expect(time.said).toContainText(/^Step|^Before/);
    // What a step did is said with the next frame.
    await lab.page.waitForTimeout(200);
    if ((await time.said.textContent())?.includes('Echo (ping) request') === true) break;
  }
  await expect(time.said).toContainText('Echo (ping) request');
}

test('nothing is traced until a packet is looked at', async () => {
  await expect(time.button('Trace rules')).toHaveCount(0);
  await lab.type(host, 'iptables -I DOCKER-USER -p icmp -j DROP');
  await pingAndLook();
  await expect(time.button('Trace rules')).not.toHaveAttribute('aria-disabled', 'true');
  await expect(time.way).toContainText('a rule of the firewall dropped it, or the policy of a chain', slow);
  await expect(time.way).toContainText('Which rule of the machine, “Trace rules” in a lab tells');
});

test('traced, and done again: the rule that dropped it, on a map of the hooks', async () => {
  await time.button('Trace rules').click();
  await expect(time.root.getByRole('region', { name: 'Rules are traced' })).toContainText(
    'Tracing rules on host-01: ICMP between 172.17.0.3 and 172.17.0.2, both ways.',
    slow,
  );
  await expect(time.button('Trace rules')).toHaveAttribute('aria-pressed', 'true');
  await pingAndLook();
  const rules = time.root.getByRole('region', { name: `Rules on ${host}` });
  await expect(rules).toContainText('-A DOCKER-USER -p icmp -j DROP', slow);
  await expect(rules.getByRole('img')).toHaveAccessibleName('Hooks: PREROUTING, FORWARD, where it was dropped');
  await expect(rules.getByRole('listitem').last()).toContainText('filter DOCKER-USER');
  await expect(time.way).toContainText(
    'the rule “-A DOCKER-USER -p icmp -j DROP” (table filter) on host-01 dropped it',
    slow,
  );
  await expectNoViolationsInBothThemes(lab.page);
  await lab.page.setViewportSize({ width: 390, height: 844 });
  await expectToFit(lab.page);
  await lab.page.setViewportSize({ width: 1440, height: 900 });
});

test('what the list’s filter shows is traced as well', async () => {
  const list = lab.page.getByRole('toolbar', { name: 'Packets' });
  const button = list.getByRole('button', { name: 'Trace rules' });
  await lab.tab('Packets').click();
  await lab.filterPackets('http.request');
  await expect(button).not.toHaveAttribute('aria-disabled', 'true');
  await lab.filterPackets('icmp.type == 8');
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  await button.click();
  await expect(time.root.getByRole('region', { name: 'Rules are traced' })).toContainText(
    'Tracing rules on host-01: what “icmp.type == 8” shows.',
    slow,
  );
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  await lab.filterPackets('http.request');
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await expect(button).toHaveAttribute('title', /Rules see nothing that this filter asks for/);
  await lab.filterPackets('icmp.type == 8');
  await button.click();
  await expect(time.button('Stop tracing')).toBeVisible();
  await lab.tab('Terminal').click();
});

test('stopped, the table is gone', async () => {
  await time.button('Stop tracing').click();
  await expect(time.button('Trace rules')).toHaveAttribute('aria-pressed', 'false');
  await expect(async () => {
    await lab.type(host, 'clear; nft list tables | grep -c lockstep');
    await expect(lab.terminal(host)).toContainText(/^0$|\n0\n|0root@/, { timeout: 5000 });
  }).toPass(slow);
});
