import { expect, test } from 'vitest';
import { hopsOf } from '../../../../tests/support/two-hosts.ts';
import { labelOf, quickFamily } from './packet-label.ts';

const overlay = hopsOf('overlay');
const at = (device: string) => overlay.filter((hop) => hop.device === device && labelOf(hop).text === 'ICMP');

test('a packet in a tunnel is called after what it carries, and says what it is in', () => {
  for (const device of ['eth0', 'lan']) {
    expect(at(device).length).toBeGreaterThan(0);
    for (const hop of at(device)) expect(labelOf(hop)).toEqual({ family: 'icmp', text: 'ICMP', tunnel: 'VXLAN' });
  }
  for (const hop of at('flannel.1')) expect(labelOf(hop).tunnel).toBe('');
});

test('what an error quotes is not carried', () => {
  const errors = hopsOf('closed').filter((hop) => hop.device === 'vethfar' && labelOf(hop).text === 'ICMP');
  expect(errors.length).toBeGreaterThan(0);
  for (const hop of errors) expect(labelOf(hop).tunnel).toBe('');
});

test('the hue that is read off the headers is the one of the whole summary, on taps and on the wire', () => {
  for (const hop of overlay) {
    const { family } = labelOf(hop);
    if (['icmp', 'arp', 'udp', 'tcp'].includes(family)) expect(quickFamily(hop.bytes, hop.linkType)).toBe(family);
  }
});
