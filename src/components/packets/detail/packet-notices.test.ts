import { expect, it } from 'vitest';
import { fidelityCapture, readAs } from '../../../../tests/support/captures.ts';
import { bytesOf, inIpv4, inUdp } from '../../../../tests/support/packets.ts';
import { dissect } from '../../../packet/dissect.ts';
import { noticesOf } from './packet-notices.ts';

async function echo(): Promise<Uint8Array> {
  const { packets } = await readAs('bridge.pcapng', fidelityCapture('bridge.pcapng'));
  return packets[2]?.bytes ?? new Uint8Array();
}

const words = (bytes: Uint8Array, originalLength = bytes.length): string[] =>
  noticesOf(dissect(bytes, 1, originalLength)).map(({ kind, text }) => `${kind}: ${text}`);

it('says that checksums fit', async () => {
  expect(words(await echo())).toEqual(['plain: Checksums of IPv4 and ICMP: good, the bytes fit.']);
});

it('says which one does not', async () => {
  const bytes = (await echo()).slice();
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  expect(words(bytes)).toEqual([
    'bad: Checksum of ICMP: bad. These bytes are not the ones that it was made for.',
    'plain: Checksum of IPv4: good, the bytes fit.',
  ]);
});

it('says of a packet that was cut behind its headers how much is there', async () => {
  const bytes = await echo();
  const cut = noticesOf(dissect(bytes, 1, 1514), { bytes: bytes.length, originalLength: 1514 });
  expect(cut[0]?.text).toMatch(/The capture kept (98 of this packet's 1,514 bytes|only a part of this packet)/);
  const whole = noticesOf(dissect(bytes, 1, bytes.length), { bytes: bytes.length, originalLength: bytes.length });
  expect(whole.some(({ text }) => text.includes('kept'))).toBe(false);
});

it('says which length cannot be, and that the rest of a fragment is elsewhere', () => {
  const notices = (packet: Uint8Array): string[] =>
    noticesOf(dissect(packet, 228)).map(({ kind, text }) => `${kind}: ${text}`);
  expect(notices(inUdp(1, 2, bytesOf('616263'), 0xffff))).toContain(
    'bad: A length that cannot be: UDP length is 65535 bytes, its packet has 11 for it.',
  );
  const half = bytesOf('0035 9c40 0258 0000 1234 8180 0001 0002 0000 0000 03777777');
  expect(notices(inIpv4(17, half, { flags: 0x2000 }))).toContain(
    'plain: This is the first fragment of a larger packet: the rest of the message is in the others.',
  );
});

it('tells what is malformed from what was cut off', async () => {
  const bytes = await echo();
  const malformed = bytes.slice();
  malformed[14] = 0x4f; // a header of 60 bytes in a packet that has a total length of less
  malformed[16] = 0;
  malformed[17] = 30;
  expect(words(malformed)[0]).toMatch(/^bad: Malformed: .+\. Nothing after byte \d+ is decoded\.$/);
  expect(words(bytes.slice(0, 38), bytes.length)[0]).toMatch(/^bad: The capture kept only a part of this packet: /);
});
