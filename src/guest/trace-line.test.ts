import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dissect } from '../packet/dissect.ts';
import { parseTraceLine, type TracedPacket } from './trace-line.ts';

// Out of a machine: the other namespace's own rule dropped a ping; a rule of OUTPUT dropped a reply, which had no device yet.
const dropped =
  '           <...>-1523    [000] .Ns2.   619.008459: lsdrop: (skb.kfree_skb) loc=nf_hook_slow+0x97/0xb0 reason=7 dev="eth0" q="noqueue" nd=4026532311 ns=0 p={0xc29ea800,0x0} n={0x54,0x0} w={0x240008,0x20010,0xc5c81664,0xc5c81700,0xc5c81600,0xc5c81610} h={0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0xd43676f483da0000,0x87c04db2154a6,0x40ade054000045,0x200620a3346013f,0x41e900080200630a,0x6b0c2a070100f305,0xb0a0908000f31fb,0x131211100f0e0d0c,0x1b1a191817161514,0x232221201f1e1d1c,0x2b2a292827262524,0x333231302f2e2d2c,0x37363534,0x3000300000000,0x343000000001,0x1675000000034,0x20003400000000,0x1b001c0028000b}';
const withoutDevice = dropped
  .replace(
    'dev="eth0" q="noqueue" nd=4026532311 ns=0 p={0xc29ea800,0x0}',
    'dev=(fault) q=(fault) nd=16777343 ns=4026531840 p={0x0,0xc290c380}',
  )
  .replace('+0x97/0xb0 reason', '.constprop.0+0x97/0xb0 [nf_tables] reason');
const full =
  '      ping-1523    [000] d.s2.   619.008101: lsfull: (__nf_conntrack_alloc+0x143/0x180 [nf_conntrack] <- early_drop) ret=0';

const packetOf = (line: string): TracedPacket => {
  const said = parseTraceLine(line);
  if (said === null || (said.event !== 'drop' && said.event !== 'socket')) throw new Error('that is no packet');
  return said;
};

describe('a line of the trace', () => {
  it('names the packet: its bytes from the network header on, as many as there are', () => {
    const said = packetOf(dropped);
    expect(said).toMatchObject({
      ...{ event: 'drop', time: 619.008459, pid: 1523, device: 'eth0', qdisc: 'noqueue', namespace: 4026532311 },
      ...{ reason: 7, location: 'nf_hook_slow+0x97', protocol: 0x0800 },
    });
    expect(said.packet.length).toBe(0x54);
    const [ip, icmp] = dissect(said.packet, 228, said.packet.length);
    expect(ip).toMatchObject({ protocol: 'ip', source: '10.98.0.2', destination: '10.99.0.2' });
    expect(icmp?.named('icmp.seq')[0]?.value).toBe(1);
  });

  it('without a device has the namespace of its socket; what could not be fetched is not believed', () => {
    expect(packetOf(withoutDevice)).toMatchObject({
      ...{ device: '', qdisc: '', namespace: 4026531840, location: 'nf_hook_slow+0x97' },
    });
    expect(packetOf(withoutDevice.replace('0xc290c380', '0x0')).namespace).toBe(0);
    expect(packetOf(dropped.replace('nd=4026532311', 'nd=5')).namespace).toBe(0);
  });

  it('says that a packet was handed to a socket', () => {
    const line = dropped.replace(
      'lsdrop: (skb.kfree_skb) loc=nf_hook_slow+0x97/0xb0 reason=7',
      'lstcp: (tcp_v4_do_rcv+0x0/0x1e0)',
    );
    expect(packetOf(line)).toMatchObject({ event: 'socket', location: 'tcp_v4_do_rcv+0x0', device: 'eth0' });
  });

  it('says that connection tracking is full, and how many lines were lost', () => {
    expect(parseTraceLine(full)).toEqual({ event: 'full', time: 619.008101, pid: 1523 });
    expect(parseTraceLine(full.replace('ret=0', 'ret=1'))).toBeNull();
    expect(parseTraceLine('CPU:0 [LOST 276 EVENTS]')).toEqual({ event: 'lost', count: 276 });
  });

  it('has no packet where its header was not fetched, or is none', () => {
    // The network header lies beyond the bytes, before them, or begins with another version.
    for (const [what, other] of [
      ['0x20010,', '0x21010,'],
      ['0xc5c81600,0xc5c81610', '0xc5c81600,0xc5c81710'],
      ['0x240008', '0x24dd86'],
      ['0xc5c81664', '0xc5c81600'],
    ] as const)
      expect(packetOf(dropped.replace(what, other)).packet.length).toBe(0);
  });

  it('that is cut, or is something else, is none', () => {
    expect(parseTraceLine('  bash-1 [000] ..... 1.000000: sched_switch: prev_comm=bash')).toBeNull();
    expect(parseTraceLine(dropped.slice(0, -200))).toBeNull();
    expect(parseTraceLine(dropped.replace('w={0x240008,', 'w={'))).toBeNull();
    expect(parseTraceLine(dropped + ' '.repeat(5000))).toBeNull();
  });

  it('never throws, whatever it is', () => {
    const damaged = fc
      .tuple(fc.constantFrom(dropped, withoutDevice, full), fc.nat(1000), fc.nat(40), fc.string())
      .map(([line, at, cut, put]) => line.slice(0, at) + put + line.slice(at + cut));
    fc.assert(
      fc.property(damaged, (line) => {
        const said = parseTraceLine(line);
        if (said?.event === 'drop') expect(said.packet.length).toBeLessThanOrEqual(224);
      }),
    );
  });
});
