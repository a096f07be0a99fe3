// The packet list and the packet panel, with captures that a reader brings: no machine is needed for these.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { readPcapng } from '../../src/capture/pcapng.ts';
import { PcapngWriter } from '../../src/capture/pcapng-writer.ts';
import { noteTexts } from '../../src/recording/notes/note.ts';
import { expectNoViolationsInBothThemes, expectToFit } from './support/sound.ts';

const overlay = join(import.meta.dirname, '../../src/journey/fixtures/overlay.pcapng');
const uplink = join(import.meta.dirname, '../fidelity/captures/uplink.pcap');

const filter = (page: Page): Locator => page.getByRole('combobox', { name: 'Display filter' });
const list = (page: Page): Locator => page.getByRole('grid', { name: 'Packets' });
const rows = (page: Page): Locator => list(page).locator('.pk-row');
const row = (page: Page, n: number): Locator => page.locator(`#pk-row-${n}`);
const detail = (page: Page): Locator => page.getByRole('region', { name: /^Packet \d+$/ });
const counts = (page: Page): Locator => page.locator('.pk-counts');

async function open(page: Page, file: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
  await page.goto('/open/');
  await page.getByLabel('Choose a file').setInputFiles(file);
  await expect(rows(page).first()).toBeVisible();
}

for (const [width, height] of [
  [390, 844],
  [1024, 768],
  [1920, 1080],
] as const) {
  test(`a packet with everything open is sound and fits, ${width} px wide`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await page.goto('/open/');
    await expectNoViolationsInBothThemes(page);
    await open(page, overlay);
    await filter(page).fill('vxlan and icmp');
    await filter(page).press('Enter');
    await expect(counts(page)).toHaveText('12 shown of 50 packets');
    await row(page, 10).dblclick();
    await detail(page).getByRole('tree').press('*');
    await filter(page).fill('ip.');
    await expect(page.getByRole('listbox')).toBeVisible();
    await expectNoViolationsInBothThemes(page);
    await filter(page).fill('ip.sorc == 1');
    await expect(page.getByText('There is no field "ip.sorc"')).toBeVisible();
    await expectNoViolationsInBothThemes(page);
    await expectToFit(page);
  });
}

test('the list has Wireshark’s columns', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, uplink);
  const head = await list(page).getByRole('columnheader').allTextContents();
  expect(head).toEqual(['No.', 'Time, s', 'Where', 'Source', 'Destination', 'Protocol', 'Length', 'Info']);
  const cells = await row(page, 10).getByRole('gridcell').allTextContents();
  expect(cells).toEqual([
    ...['10', expect.stringMatching(/^0\.448\d{3}$/), expect.stringContaining('uplink')],
    ...['10.244.1.0', '10.244.2.0', 'HTTP', '190', 'GET / HTTP/1.1'],
  ]);
});

test('a filter is completed by keyboard, applied, and remembered', async ({ page }) => {
  await open(page, overlay);
  await filter(page).pressSequentially('icmp.ty');
  const choices = page.getByRole('listbox', { name: 'Completions' });
  await expect(choices.getByRole('option').first()).toContainText('icmp.type');
  await page.keyboard.press('ArrowDown');
  await expect(choices.getByRole('option', { selected: true })).toContainText('icmp.type');
  await page.keyboard.press('Enter');
  await expect(filter(page)).toHaveValue('icmp.type');
  await page.keyboard.type(' == 8 and frame.interface_name == "wire/lan"');
  await page.keyboard.press('Enter');
  await expect(counts(page)).toHaveText('2 shown of 50 packets');

  await page.reload();
  await open(page, overlay);
  await filter(page).press('ArrowDown');
  await expect(page.getByRole('listbox', { name: 'Filters used before' })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(filter(page)).toHaveValue('icmp.type == 8 and frame.interface_name == "wire/lan"');
  await expect(counts(page)).toHaveText('2 shown of 50 packets');
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await expect(counts(page)).toHaveText('50 packets');
});

test('what is no filter is pointed at, and one click searches for it', async ({ page }) => {
  await open(page, overlay);
  await filter(page).fill('10.244.2.2');
  await filter(page).press('Enter');
  await expect(filter(page)).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('.pk-problem pre')).toHaveText('10.244.2.2\n^~~~~~~~~~');
  await expect(page.locator('.pk-problem')).toContainText('The list stays as it was.');
  await expect(counts(page)).toHaveText('50 packets');
  await page.getByRole('button', { name: 'Address: ip.addr == 10.244.2.2' }).click();
  await expect(filter(page)).toHaveAttribute('aria-invalid', 'false');
  await expect(counts(page)).toHaveText(/^\d+ shown of 50 packets$/);
});

test('nonsense in the storage changes nothing', async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('lockstep-filters', '[{"icmp":1},'));
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  await open(page, overlay);
  await filter(page).fill('icmp');
  await filter(page).press('Enter');
  await expect(page.getByRole('button', { name: 'Filters used before' })).toBeEnabled();
  expect(errors).toEqual([]);
});

test('packets are chosen, marked, followed and compared without a mouse', async ({ page }) => {
  await open(page, overlay);
  await filter(page).fill('icmp');
  await expect(counts(page)).toContainText('shown of');
  await list(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('m');
  await expect(page.locator('.pk-row.pk-marked')).toHaveCount(1);
  const first = (await page.locator('.pk-row[aria-selected=true] .pk-number').textContent()) ?? '';
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('n');
  await expect(page.locator('.pk-row[aria-selected=true] .pk-number')).toHaveText(first);

  await page.keyboard.press('c');
  await page.keyboard.press('ArrowDown');
  await expect(detail(page)).toContainText(/[Dd]ifference.*; the second was seen/);
  await detail(page).getByLabel('Every field').check();
  await expect(detail(page).getByRole('table', { name: 'Every field of both' })).toContainText('icmp.seq');
  await list(page).focus();
  await page.keyboard.press('Escape');
  await expect(detail(page)).toHaveCount(0);

  await page.keyboard.press('f');
  await expect(filter(page)).toHaveValue(/^ip\.addr == \S+ and ip\.addr == \S+ and icmp\.ident == \d+$/);
});

test('fields and bytes point at each other', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, overlay);
  await row(page, 10).dblclick();
  const tree = detail(page).getByRole('tree');
  const bytes = detail(page).getByRole('grid', { name: /^Bytes/ });
  // What comes to lie under the pointer is pointed at: not here.
  await page.mouse.move(5, 5);
  // The innermost layer is open: its first field is the ICMP type, byte 90.
  await tree.focus();
  await page.keyboard.press('ArrowDown');
  await expect(tree.getByRole('treeitem', { selected: true })).toHaveText(/^icmp\.type 8/);
  await expect(bytes.getByRole('gridcell', { selected: true })).toHaveText(['08']);
  await expect(detail(page).locator('.pk-what')).toHaveText(/^icmp\.type: .+ Byte 90\.$/);

  // From there to the identifier, two bytes on the line below, and back to the tree.
  await bytes.focus();
  for (let n = 0; n < 4; n++) await page.keyboard.press('ArrowRight');
  await expect(tree.getByRole('treeitem', { selected: true })).toHaveText(/^icmp\.ident/);
  await expect(bytes.getByRole('gridcell', { selected: true })).toHaveCount(2);

  // Another layer opens when one of its bytes is chosen.
  await bytes.getByRole('gridcell', { name: /^byte 52:/ }).click();
  await expect(tree.getByRole('treeitem', { selected: true })).toHaveText(/^vxlan\.vni 1/);
  await tree.getByRole('treeitem', { name: /^vxlan\.vni/ }).hover();
  await expect(bytes.getByRole('gridcell', { selected: true })).toHaveCount(3);
  await detail(page).getByRole('button', { name: /^UDP/ }).hover();
  await expect(bytes.getByRole('gridcell', { selected: true })).toHaveCount(8);
});

test('a packet says where it went, and what each hop changed', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, overlay);
  await row(page, 10).dblclick();
  const way = detail(page).getByRole('region', { name: 'Way of this packet' });
  await expect(way.getByRole('listitem')).toHaveCount(9);
  await expect(way).toContainText('Delivered: it was answered');
  await expect(detail(page).getByRole('table', { name: 'Changed at this hop' })).toContainText(
    'VXLAN headers put on: outer addresses 10.0.0.11 → 10.0.0.12',
  );
  await way.getByRole('button', { name: /^host-01\/flannel\.1 out/ }).click();
  await expect(detail(page).getByRole('table', { name: 'Changed at this hop' })).toContainText('ip.ttl');
  await detail(page).getByRole('button', { name: /^IPv4/ }).click();
  await expect(detail(page).getByRole('treeitem', { name: /^ip\.ttl 63/ })).toContainText('was 64');
  await page.getByLabel('One row a packet').check();
  await expect(counts(page)).toHaveText(/^\d+ packets of 50 sightings$/);
});

test('the view is saved with places and marks, and what was saved can be dropped on the page', async ({ page }) => {
  await open(page, overlay);
  await filter(page).fill('vxlan and icmp');
  await filter(page).press('Enter');
  await expect(counts(page)).toHaveText('12 shown of 50 packets');
  await row(page, 10).click();
  await list(page).press('m');
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save pcapng' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('overlay-part.pcapng');
  const bytes = readFileSync(await download.path());
  const file = readPcapng(bytes);
  expect(file.packets.length).toBe(12);
  expect(file.interfaces.map(({ name }) => name).sort()).toEqual(['host-01/eth0', 'host-02/eth0', 'wire/lan']);
  expect(file.packets[0]?.comments).toEqual(['Marked in Lockstep.']);
  expect(file.comments).toEqual(['overlay.pcapng, saved from Lockstep; filter: vxlan and icmp']);

  await page.evaluate(
    (content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(content)], 'dropped.pcapng'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    },
    [...bytes],
  );
  await expect(page.getByRole('status').filter({ hasText: 'dropped.pcapng: 12 packets' })).toBeVisible();
  await row(page, 1).dblclick();
  await expect(detail(page)).toContainText('Marked in Lockstep.');
});

test('a broken file says where it breaks off, and keeps what was before', async ({ page }) => {
  const whole = readFileSync(uplink);
  await open(page, { name: 'cut.pcap', mimeType: '', buffer: whole.subarray(0, whole.length - 30) });
  await expect(page.getByRole('alert')).toContainText('The 19 packets before that are here.');
  await expect(counts(page)).toHaveText('19 packets');
  await page
    .getByLabel('Choose a file')
    .setInputFiles({ name: 'x.txt', mimeType: '', buffer: Buffer.from('no capture') });
  await expect(page.getByRole('alert')).not.toContainText('before that');
  await expect(page.getByText('There is no packet in this file.')).toBeVisible();
});

test('a capture that is packed opens as it is, and one that is cut says where', async ({ page }) => {
  await open(page, { name: 'uplink.pcap.gz', mimeType: '', buffer: gzipSync(readFileSync(uplink)) });
  await expect(counts(page)).toHaveText('20 packets');
  await expect(page.getByRole('alert')).toHaveCount(0);
  const packed = zstdCompressSync(readFileSync(uplink));
  const choose = page.getByLabel('Choose a file');
  await choose.setInputFiles({ name: 'uplink.pcap.zst', mimeType: '', buffer: packed });
  await expect(page.getByRole('status').filter({ hasText: 'uplink.pcap.zst: 20 packets' })).toBeVisible();
  const cut = gzipSync(readFileSync(uplink)).subarray(0, -200);
  await choose.setInputFiles({ name: 'cut.pcap.gz', mimeType: '', buffer: cut });
  await expect(page.getByRole('alert')).toContainText('cannot be unpacked further');
});

test('packets that were cut and packets that are missing are marked where they are', async ({ page }) => {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'a test' });
  const { packets } = readPcapng(readFileSync(overlay));
  const frame = packets.find(({ linkType }) => linkType === 1)?.bytes ?? new Uint8Array();
  writer.addInterface({ name: 'host-01/eth0', linkType: 1 });
  for (let second = 1; second <= 9; second++)
    writer.packet(0, {
      bytes: frame,
      originalLength: frame.length + (second === 2 ? 900 : 0),
      time: { seconds: second, nanoseconds: 0 },
    });
  const gaps = [{ machine: 'host-01', from: 3.5, until: 6.5, count: 937 }];
  for (const note of noteTexts({ context: { gaps } })) writer.note(note);
  await open(page, { name: 'lost.pcapng', mimeType: '', buffer: Buffer.concat(chunks) });
  await expect(counts(page)).toContainText(
    'The tap of host-01 lost at least 937 packets between 00:00:03.500 and 00:00:06.500',
  );
  await expect(row(page, 4)).toContainText('937 packets lost by the tap of host-01 here');
  await expect(row(page, 5)).not.toContainText('lost by');
  await expect(page.locator('.pk-gap')).toHaveCount(3);
  await expect(row(page, 2)).toContainText('cut');
  await row(page, 2).dblclick();
  await expect(detail(page)).toContainText(/The capture kept/);
});

test('a hundred thousand packets are a list like any other', async ({ page }) => {
  const { packets } = readPcapng(readFileSync(overlay));
  const frame = packets.find(({ linkType }) => linkType === 1)?.bytes ?? new Uint8Array();
  const records = [pcapHeader(1)];
  for (let n = 0; n < 100_000; n++) records.push(pcapRecord({ seconds: 1000 + n, nanoseconds: 0 }, frame));
  const folder = test.info().outputPath('many.pcap');
  await import('node:fs/promises').then(({ writeFile }) => writeFile(folder, Buffer.concat(records)));
  await open(page, folder);
  await expect(counts(page)).toHaveText('100,000 packets');
  await list(page).press('End');
  await expect(row(page, 100_000)).toBeInViewport();
  expect(await rows(page).count()).toBeLessThan(100);
  await filter(page).fill('frame.number > 99990');
  await expect(counts(page)).toHaveText('10 shown of 100,000 packets');
});

test('a sample of the course opens where it stands, has an address, and shows how a packet ended', async ({ page }) => {
  await page.goto('/open/');
  await page.getByRole('link', { name: 'A ping that a rule drops' }).click();
  await expect(page.getByText(/^dropped\.pcapng: [2-9] packets, seen at /)).toBeVisible();
  await expect(page).toHaveURL(/#dropped$/);
  await row(page, 1).click();
  await expect(detail(page)).toContainText('Dropped: the kernel of host-01 dropped it');
  // The course's own are not among what the reader has opened.
  await page.goto('/open/#overlay-ping');
  await page.reload();
  await expect(page.getByText(/^overlay-ping\.pcapng: \d+ packets/)).toBeVisible();
  await page.goto('/open/');
  await expect(page.getByRole('heading', { name: 'Opened last' })).toBeHidden();
});

test('what was opened last is there after a reload, and can be forgotten', async ({ page }) => {
  await open(page, overlay);
  await expect(page.locator('.open-recent:not([hidden])')).toBeAttached();
  await page.goto('/open/');
  await page.getByRole('button', { name: 'Open overlay.pcapng' }).click();
  await expect(page.getByText(/^overlay\.pcapng: \d+ packets/)).toBeVisible();
  await page.goto('/open/');
  await page.getByRole('button', { name: 'Forget overlay.pcapng' }).click();
  await expect(page.getByRole('heading', { name: 'Opened last' })).toBeHidden();
  await page.reload();
  await expect(page.getByRole('link', { name: 'A first ping, with its ARP' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Opened last' })).toBeHidden();
});
