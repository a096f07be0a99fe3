import { describe, expect, it } from 'vitest';
import { cooked, ethernet, ipv4, udp } from '../../tests/support/journey.ts';
import { dissect } from '../packet/dissect.ts';
import type { Layer } from '../packet/layer.ts';
import { changesBetween } from './changes.ts';

const tuple = { protocol: 17, source: '172.17.0.2', destination: '10.0.0.1', sourcePort: 4000, destinationPort: 53999 };
const packet = (changes: Partial<typeof tuple> = {}, ttl = 64): Uint8Array => {
  const changed = { ...tuple, ...changes };
  return ipv4(changed, ttl, 7, udp(changed, Uint8Array.of(1, 2, 3)));
};
const seen = (bytes: Uint8Array): Layer[] => dissect(bytes, 1);
const fields = (before: Layer[], after: Layer[]): string[] => changesBetween(before, after).map(({ field }) => field);

/** An 802.1Q tag of VLAN 10 after the MAC addresses. */
const tagged = (frame: Uint8Array): Uint8Array =>
  Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0, 10, ...frame.subarray(12));

describe('what a hop changed', () => {
  it('is nothing when the packet was handed on as it was', () => {
    expect(changesBetween(seen(ethernet(packet())), seen(ethernet(packet())))).toEqual([]);
  });

  it('is nothing that only the capture says: a cooked header and Ethernet show the same packet', () => {
    expect(changesBetween(dissect(cooked(packet(), true), 276), dissect(cooked(packet(), false), 276))).toEqual([]);
    const frame = ethernet(packet());
    frame.set([2, 0, 0, 0, 0, 1], 6);
    expect(changesBetween(dissect(cooked(packet(), true), 276), seen(frame))).toEqual([]);
  });

  it('is a TTL, with the reason', () => {
    const [change, ...more] = changesBetween(seen(ethernet(packet())), seen(ethernet(packet({}, 61))));
    expect(change).toEqual({ field: 'ip.ttl', from: 64, to: 61, why: '3 routers take one off each' });
    expect(more).toEqual([]);
  });

  it('is addresses and ports, explained by conntrack if it says so', () => {
    const after = seen(ethernet(packet({ source: '10.0.0.11', sourcePort: 5000 })));
    expect(changesBetween(seen(ethernet(packet())), after, { nat: 'entry 7' })).toEqual([
      { field: 'ip.src', from: '172.17.0.2', to: '10.0.0.11', why: 'entry 7' },
      { field: 'udp.srcport', from: 4000, to: 5000, why: 'entry 7' },
    ]);
    expect(changesBetween(seen(ethernet(packet())), after)[0]).toEqual({
      field: 'ip.src',
      from: '172.17.0.2',
      to: '10.0.0.11',
    });
  });

  it('is addresses and ports alone, whatever the new port says of the bytes inside', () => {
    for (const destinationPort of [53, 4789, 123]) {
      const after = seen(ethernet(packet({ destination: '172.17.0.9', destinationPort })));
      expect(fields(seen(ethernet(packet())), after)).toEqual(['ip.dst', 'udp.dstport']);
    }
  });

  it('is MAC addresses, once each', () => {
    const routed = ethernet(packet());
    routed.set([2, 9, 9, 9, 9, 9], 0);
    expect(fields(seen(ethernet(packet())), seen(routed))).toEqual(['eth.dst']);
  });

  it('is a VLAN tag', () => {
    const frame = ethernet(packet());
    expect(changesBetween(seen(frame), seen(tagged(frame)))).toEqual([
      { field: 'encapsulation', from: null, to: 'vlan', bytes: 4, why: '802.1Q tag put on: VLAN 10' },
    ]);
    expect(changesBetween(seen(tagged(frame)), seen(frame))[0]).toMatchObject({ from: 'vlan', to: null, bytes: -4 });
  });

  it('is a tunnel around the whole frame, to the byte', () => {
    const inner = ethernet(packet({}, 63));
    const outer = {
      protocol: 17,
      source: '10.0.0.11',
      destination: '10.0.0.12',
      sourcePort: 50000,
      destinationPort: 8472,
    };
    const tunnelled = ethernet(ipv4(outer, 64, 0, udp(outer, Uint8Array.of(8, 0, 0, 0, 0, 0, 1, 0, ...inner))));
    const changes = changesBetween(seen(ethernet(packet())), seen(tunnelled));
    expect(changes.map(({ field }) => field)).toEqual(['encapsulation', 'ip.ttl']);
    expect(changes[0]?.bytes).toBe(tunnelled.length - inner.length);
    expect(changes[0]?.why).toBe('VXLAN headers put on: outer addresses 10.0.0.11 → 10.0.0.12, UDP port 8472, VNI 1');
  });

  it('is a checksum that was finished on the way out', () => {
    const whole = packet();
    const partial = packet();
    // The sum over the pseudo-header alone, as Linux leaves it (CHECKSUM_PARTIAL), then the right one.
    const sum = (bytes: Uint8Array, from: number, to: number, start = 0): number => {
      let total = start;
      for (let i = from; i < to; i += 2) total += ((bytes[i] ?? 0) << 8) | (i + 1 < to ? (bytes[i + 1] ?? 0) : 0);
      while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
      return total;
    };
    const pseudo = sum(whole, 12, 20, 17 + 11);
    partial.set([pseudo >>> 8, pseudo & 0xff], 26);
    const good = 0xffff - sum(whole, 20, whole.length, pseudo);
    whole.set([good >>> 8, good & 0xff], 26);
    const [change] = changesBetween(seen(ethernet(partial)), seen(ethernet(whole)));
    expect(change).toMatchObject({ field: 'udp.checksum' });
    expect(change?.why).toContain('checksum offload');
  });
});
