import { expect, test } from 'vitest';
import { dissect } from './dissect.ts';
import { tunnelOf, tunnelOfDevice } from './tunnels.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const ICMP = '4500 001c 0001 0000 4001 0000 0a010001 0a020001 0800 0000 0001 0001';
const ipv4 = (protocol: string, inside: string): string =>
  `4500 ${(20 + bytes(inside).length).toString(16).padStart(4, '0')} 0001 0000 40${protocol} 0000 c0a80001 c0a80002 ${inside}`;
const udp = (port: number, inside: string): string =>
  ipv4(
    '11',
    `ffff ${port.toString(16).padStart(4, '0')} ${(8 + bytes(inside).length).toString(16).padStart(4, '0')} 0000 ${inside}`,
  );
const MACS = '020000000001 020000000002 0800';

test.each([
  ['VXLAN', udp(8472, `08000000 00000100 ${MACS} ${ICMP}`)],
  ['VXLAN', udp(4789, `08000000 00000100 ${MACS} ${ICMP}`)],
  ['Geneve', udp(6081, `00006558 00000100 ${MACS} ${ICMP}`)],
  ['GRE', ipv4('2f', `0000 0800 ${ICMP}`)],
  ['IP in IP', ipv4('04', ICMP)],
  ['UDP', udp(8285, ICMP)],
  ['WireGuard', udp(51820, `04000000 01020304 0100000000000000 ${'ab'.repeat(32)}`)],
  [undefined, ICMP],
  [undefined, udp(53, '0001')],
  // Port unreachable, which quotes a packet of a tunnel: it is in none.
  [undefined, ipv4('01', `0303 0000 0000 0000 ${udp(8472, `08000000 00000100 ${MACS} ${ICMP}`)}`)],
])('a packet in %s', (name, packet) => {
  expect(tunnelOf(dissect(bytes(packet), 228))?.name).toBe(name);
});

test('the devices of Linux that make them', () => {
  const names = ['vxlan', 'ipip', 'tun', 'wireguard', 'gretap', 'geneve'].map((kind) => tunnelOfDevice(kind)?.name);
  expect(names).toEqual(['VXLAN', 'IP in IP', 'UDP', 'WireGuard', 'GRE', 'Geneve']);
  expect(tunnelOfDevice('bridge')).toBeUndefined();
});
