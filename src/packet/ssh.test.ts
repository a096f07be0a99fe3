import { expect, test } from 'vitest';
import { bytesOf, inTcp } from '../../tests/support/packets.ts';
import { dissect } from './dissect.ts';
import { summarize } from './summary.ts';

const RAW = 228;
const CLIENT = 40000;
const SERVER = 22;

const line = (packet: Uint8Array, originalLength?: number): string => {
  const { protocol, info } = summarize(packet, RAW, originalLength);
  return `${protocol} ${info}`;
};
const shown = (packet: Uint8Array, name: string): string =>
  dissect(packet, RAW)
    .flatMap((layer) => layer.named(name))
    .map((field) => field.shown)
    .join();
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
const text = (value: string): Uint8Array => join(u32(value.length), ascii(value));

/** RFC 4253 section 6: the padding makes the packet a multiple of eight bytes, and is at least four. */
function message(code: number, body: Uint8Array): Uint8Array {
  let padding = 8 - ((6 + body.length) % 8);
  if (padding < 4) padding += 8;
  return join(u32(2 + body.length + padding), Uint8Array.of(padding, code), body, new Uint8Array(padding));
}
const ALGORITHMS = ['curve25519-sha256', 'ssh-ed25519', 'aes128-ctr', 'aes256-ctr', 'hmac-sha2-256', 'hmac-sha2-512'];
const OFFER = message(
  20,
  join(new Uint8Array(16), ...[...ALGORITHMS, 'none', 'none', '', ''].map(text), new Uint8Array(5)),
);
/** What a cipher makes: any bytes. */
const NOISE = bytesOf('9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95');

test('banners name the program, on whatever port', () => {
  expect(line(inTcp(CLIENT, SERVER, ascii('SSH-2.0-OpenSSH_9.2p1\r\n')))).toBe(
    'SSHv2 Client: Protocol (SSH-2.0-OpenSSH_9.2p1)',
  );
  expect(line(inTcp(2222, CLIENT, ascii('SSH-2.0-dropbear\r\n')))).toBe('SSHv2 Server: Protocol (SSH-2.0-dropbear)');
  expect(line(inTcp(CLIENT, SERVER, ascii('SSH-1.5-old\n')))).toBe('SSH Client: Protocol (SSH-1.5-old)');
});

test('an offer lists its algorithms by name', () => {
  const packet = inTcp(CLIENT, SERVER, OFFER);
  expect(line(packet)).toBe('SSHv2 Client: Key Exchange Init');
  expect(shown(packet, 'ssh.kex_algorithms')).toBe('curve25519-sha256');
  expect(shown(packet, 'ssh.encryption_algorithms_server_to_client')).toBe('aes256-ctr');
  expect(shown(packet, 'ssh.packet_length')).toBe(String(OFFER.length - 4));
});

test('an offer that goes on in the next segment has the lists that are there; its rest is not called encrypted', () => {
  const [first, rest] = [OFFER.subarray(0, 90), OFFER.subarray(90)];
  const packet = inTcp(CLIENT, SERVER, first);
  expect(line(packet)).toBe('SSHv2 Client: Key Exchange Init');
  expect(shown(packet, 'ssh.server_host_key_algorithms')).toBe('ssh-ed25519');
  expect(shown(packet, 'ssh.languages_client_to_server_length')).toBe('');
  expect(dissect(inTcp(CLIENT, SERVER, rest), RAW).map(({ protocol }) => protocol)).toEqual(['ip', 'tcp', 'data']);
});

test('keys of curves and of numbers are told apart by their sizes', () => {
  expect(line(inTcp(CLIENT, SERVER, message(30, text('k'.repeat(32)))))).toBe(
    'SSHv2 Client: Elliptic Curve Diffie-Hellman Key Exchange Init',
  );
  // What OpenSSH 9 sends by default: a key of sntrup761 and one of X25519.
  expect(line(inTcp(CLIENT, SERVER, message(30, text('k'.repeat(1190)))))).toBe(
    'SSHv2 Client: Diffie-Hellman Key Exchange Init',
  );
  expect(line(inTcp(CLIENT, SERVER, message(30, text('k'.repeat(256)))))).toBe(
    'SSHv2 Client: Diffie-Hellman Key Exchange Init',
  );
});

test('after the new keys everything is encrypted', () => {
  const packet = inTcp(SERVER, CLIENT, join(message(21, new Uint8Array()), NOISE));
  expect(line(packet)).toBe('SSHv2 Server: New Keys, Encrypted packet (len=32)');
  expect(shown(packet, 'ssh.encrypted_packet')).toBe(Buffer.from(NOISE.subarray(4)).toString('hex'));
});

test('a farewell before there are keys is not encrypted', () => {
  const packet = inTcp(SERVER, CLIENT, message(1, join(u32(2), text('bad packet'), text(''))));
  expect(line(packet)).toBe('SSHv2 Server: Disconnect');
  expect(shown(packet, 'ssh.disconnect_description')).toBe('bad packet');
});

test.each([
  ['a code that nobody knows', join(message(99, text('abc')), NOISE)],
  ['a message that does not fill its packet', message(30, join(text('abc'), NOISE))],
  ['a length that no packet has', join(u32(13), NOISE)],
  ['nothing but noise', NOISE],
])('%s is encrypted, for all that a segment tells', (_, payload) => {
  expect(line(inTcp(CLIENT, SERVER, payload))).toBe(`SSH Client: Encrypted packet (len=${payload.length})`);
});

test('on another port only a banner is SSH’s', () => {
  expect(dissect(inTcp(CLIENT, 2222, NOISE), RAW).at(-1)?.protocol).toBe('data');
});

test('an offer that the capture cut says so', () => {
  const packet = inTcp(CLIENT, SERVER, OFFER);
  expect(line(packet.subarray(0, 120), packet.length)).toBe(
    'SSHv2 Client: Key Exchange Init[Packet size limited during capture]',
  );
});
