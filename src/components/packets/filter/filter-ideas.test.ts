import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../../capture/read-capture.ts';
import { dissect } from '../../../packet/dissect.ts';
import { compileFilter } from '../../../packet/filter/compile.ts';
import type { ListedHop } from '../source/packet-source.ts';
import { ideasFor, streamFilter } from './filter-ideas.ts';

function packets(name: string): ListedHop[] {
  const file = readFileSync(new URL(`../../../../tests/fidelity/captures/${name}`, import.meta.url));
  return readCapture(file).packets.map(({ linkType, bytes, originalLength, seconds }, index) => ({
    n: index + 1,
    time: seconds,
    machine: 'host-01',
    device: 'eth0',
    direction: 'unknown',
    linkType,
    bytes,
    originalLength,
  }));
}

function matching(all: readonly ListedHop[], text: string): ListedHop[] {
  const compiled = compileFilter(text);
  if (!compiled.ok) throw new Error(`${text}: ${compiled.error.message}`);
  return all.filter(({ n, bytes, linkType, originalLength, time }) =>
    compiled.filter.matches({
      layers: dissect(bytes, linkType, originalLength),
      frame: {
        ...{ number: n, bytes, originalLength, timeRelative: 0, interfaceName: 'host-01/eth0' },
        time: { seconds: time, nanoseconds: 0 },
      },
    }),
  );
}

describe('what a text that is no filter may have meant', () => {
  it.each([
    ['172.17.0.2', 'ip.addr == 172.17.0.2'],
    ['10.0.0.0/8', 'ip.addr == 10.0.0.0/8'],
    ['02:42:ac:11:00:02', 'eth.addr == 02:42:ac:11:00:02'],
    ['fe80::1', 'ipv6.addr == fe80::1'],
    ['8080', 'tcp.port == 8080 or udp.port == 8080'],
    ['docker0', 'frame.interface_name contains "docker0"'],
    ['GET /index', 'frame contains "GET /index"'],
    ['say "hi"', 'frame contains "say \\"hi\\""'],
  ])('%s', (text, filter) => {
    expect(ideasFor(text)[0]?.filter).toBe(filter);
  });

  it('is always a filter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const { filter } of ideasFor(text)) expect(compileFilter(filter).ok).toBe(true);
      }),
    );
  });
});

describe('the conversation of a packet', () => {
  it.each(['bridge.pcapng', 'uplink.pcap', 'any.pcap', 'sll.pcap', 'tls.pcapng', 'joining.pcapng', 'etcd.pcapng'])(
    'has the packet itself among it, for every packet of %s',
    (name) => {
      const all = packets(name);
      for (const packet of all) {
        const filter = streamFilter(packet);
        if (filter !== null) expect(matching(all, filter), filter).toContain(packet);
      }
    },
  );

  it('is both ways of a TCP connection, and nothing else', () => {
    const all = packets('tls.pcapng');
    const first = all.find(({ bytes, linkType }) =>
      dissect(bytes, linkType).some(({ protocol }) => protocol === 'tcp'),
    );
    const filter = streamFilter(first as ListedHop) ?? '';
    expect(filter).toMatch(/^ip\.addr == [\d.]+ and ip\.addr == [\d.]+ and tcp\.port == \d+ and tcp\.port == \d+$/);
    const ends = matching(all, filter).map(({ bytes, linkType }) => {
      const tcp = dissect(bytes, linkType).find(({ protocol }) => protocol === 'tcp');
      return [tcp?.named('tcp.srcport')[0]?.shown, tcp?.named('tcp.dstport')[0]?.shown].sort().join();
    });
    expect(new Set(ends).size).toBe(1);
    expect(ends.length).toBeGreaterThan(2);
  });

  it('is what a tunnel carries, not the tunnel', () => {
    const tunnelled = packets('uplink.pcap').find(({ bytes, linkType }) =>
      dissect(bytes, linkType).some(({ protocol }) => protocol === 'vxlan'),
    );
    expect(streamFilter(tunnelled as ListedHop)).not.toContain('8472');
  });
});
