import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fidelityCapture, journeyFixture, readAs } from '../../../../tests/support/captures.ts';
import { Anatomy } from './anatomy.ts';

function expectSound(anatomy: Anatomy): void {
  const { length } = anatomy.bytes;
  for (const [index, { start, headerEnd, end, parent, fields }] of anatomy.parts.entries()) {
    expect(0 <= start && start <= headerEnd && headerEnd <= end && end <= length).toBe(true);
    expect(parent).toBeLessThan(index);
    for (let field = -1; field < fields.length; field++) {
      const range = anatomy.range({ part: index, field });
      expect(0 <= range.start && range.start <= range.end && range.end <= length).toBe(true);
    }
  }
  for (let at = 0; at < length; at++) {
    const spot = anatomy.spotAt(at);
    if (spot === null) continue;
    const { start, end } = anatomy.range(spot);
    expect(start <= at && at < end).toBe(true);
  }
}

describe('the bytes of a packet', () => {
  it.each(['bridge.pcapng', 'uplink.pcap', 'any.pcap', 'tls.pcapng', 'bgp.pcapng', 'joining.pcapng', 'etcd.pcapng'])(
    'lead to the field that they are, in every packet of %s',
    async (name) => {
      const { packets } = await readAs(name, fidelityCapture(name));
      for (const packet of packets) expectSound(new Anatomy(packet));
    },
  );

  it('lead nowhere outside the packet, whatever they are', async () => {
    const { packets } = await readAs('uplink.pcap', fidelityCapture('uplink.pcap'));
    fc.assert(
      fc.property(
        fc.constantFrom(...packets),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255))),
        fc.nat(200),
        (packet, edits, length) => {
          const bytes = packet.bytes.slice(0, length);
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          expectSound(new Anatomy({ ...packet, bytes }));
        },
      ),
    );
  });

  it('have the layers of a tunnel inside each other', async () => {
    const { packets } = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
    const anatomy = new Anatomy(packets[9] as (typeof packets)[number]);
    expect(anatomy.parts.map(({ layer, start, parent }) => [layer.protocol, start, parent])).toEqual([
      ['sll', 0, -1],
      ['ip', 20, 0],
      ['udp', 40, 1],
      ['vxlan', 48, 2],
      ['eth', 56, 3],
      ['ip', 70, 4],
      ['icmp', 90, 5],
      ['data', 98, 6],
    ]);
    expect(anatomy.parts[anatomy.main]?.layer.protocol).toBe('icmp');
    const nameAt = (at: number): string | undefined =>
      anatomy.field(anatomy.spotAt(at) ?? { part: 0, field: -1 })?.name;
    expect([nameAt(28), nameAt(78), nameAt(52), nameAt(90)]).toEqual(['ip.ttl', 'ip.ttl', 'vxlan.vni', 'icmp.type']);
    expect(anatomy.find('ip.ttl', '63')).toMatchObject({ part: 5 });
    expect(anatomy.find('ip.ttl', '64')).toMatchObject({ part: 1 });
    expect(anatomy.find('ip.ttl', '65')).toBeNull();
  });
});
