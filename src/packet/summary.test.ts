import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissect } from './dissect.ts';
import { summarize, summarizeLayers } from './summary.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
const SEND = '0242ac110003 0242ac110002';
const REPLY = '0242ac110002 0242ac110003';

describe('a packet’s line', () => {
  test('ARP on a cooked tap: the destination’s address is not in the capture', () => {
    const arp = bytes(
      '0806000000000003000101060242ac110002000000010800060400010242ac110002ac110002000000000000ac110003',
    );
    expect(summarize(arp, 276)).toEqual({
      protocol: 'ARP',
      family: 'arp',
      source: '02:42:ac:11:00:02',
      destination: '',
      info: 'Who has 172.17.0.3? Tell 172.17.0.2',
    });
  });

  test('a ping', () => {
    expect(summarize(bytes(`${SEND} 0800 450000546c3e00004001b643ac110002ac110003 080000e500070001`), 1, 98)).toEqual({
      protocol: 'ICMP',
      family: 'icmp',
      source: '172.17.0.2',
      destination: '172.17.0.3',
      info: 'Echo (ping) request  id=0x0007, seq=1/256, ttl=64',
    });
  });

  test('the first segment of a connection', () => {
    const syn = bytes(
      `${SEND} 0800 4500003c10af40004006d1e5ac110002ac110003 bb420051b475caf000000000a002faf058560000 020405b40402080a67b7b799000000000103030a`,
    );
    expect(summarize(syn, 1)).toMatchObject({
      protocol: 'TCP',
      family: 'tcp',
      info: '47938 → 81 [SYN] Seq=3027618544 Win=64240 Len=0 MSS=1460 SACK_PERM TSval=1740093337 TSecr=0 WS=1024',
    });
  });

  test('a refused connection, in a frame with padding', () => {
    const rst = bytes(
      `${REPLY} 0800 45000028000040004006e2a8ac110003ac110002 0051bb4200000000b475caf1501400001cae0000 000000000000`,
    );
    expect(summarize(rst, 1)).toMatchObject({ info: '81 → 47938 [RST, ACK] Seq=0 Ack=3027618545 Win=0 Len=0' });
  });

  test('a DNS answer with compressed names', () => {
    const answer = bytes(`${REPLY} 0800 450000771f3140004011c31dac110003ac110002 0035ec140063589c
      10008580000100030000000003777777076578616d706c6503636f6d0000010001 c00c000500010000012c000603776562c00c
      03776562c00c000100010000012c00040a000009 03776562c00c000100010000012c00040a00000a`);
    expect(summarize(answer, 1)).toMatchObject({
      protocol: 'DNS',
      family: 'dns',
      info: 'Standard query response 0x1000 A www.example.com CNAME web.www.example.com A 10.0.0.9 A 10.0.0.10',
    });
  });

  test('an HTTP request', () => {
    const get = bytes(`${SEND} 0800 4500007e618a4000400680c8ac110002ac110003 aefe005096fd1852876043578018003f58980000
      0101080ab26d4e17f947c502 474554202f20485454502f312e310d0a486f73743a203137322e31372e302e330d0a557365722d4167656e743a206375726c2f372e38382e310d0a4163636570743a202a2f2a0d0a0d0a`);
    expect(summarize(get, 1)).toMatchObject({
      protocol: 'HTTP',
      family: 'http',
      source: '172.17.0.2',
      destination: '172.17.0.3',
      info: 'GET / HTTP/1.1',
    });
  });

  test('an ICMP error is about its own addresses, not those that it quotes', () => {
    const error = bytes(`${REPLY} 0800 45c00041090d0000400118c8ac110003ac110002 0303c29500000000
      450000251cb340004011c5edac110002ac110003 91a5270f0011584a 68656c6c6f20756470`);
    expect(summarize(error, 1)).toMatchObject({
      protocol: 'ICMP',
      source: '172.17.0.3',
      destination: '172.17.0.2',
      info: 'Destination unreachable (Port unreachable)',
    });
  });

  test('a tunnel’s line is about what it carries', () => {
    const vxlan =
      bytes(`0a78c2aa327f 86a20f7a08c1 0800 4500006e9d550000401151d6c0a80501c0a80502 86a52118005ad1aa 0800000000000100
      e67dfcd9b206 fa577500fddc 0800 4500003cc273400040065f610af401000af40200 8a66005045e14c2d00000000a002faf019160000020405b40402080a320395d4000000000103030a`);
    expect(summarize(vxlan, 1)).toMatchObject({ protocol: 'TCP', source: '10.244.1.0', destination: '10.244.2.0' });
  });

  test('a later fragment', () => {
    const fragment = bytes(`${SEND} 0800 4500001c6c41 20b9 40010000ac110002ac110003 4142434445464748`);
    expect(summarize(fragment, 1)).toMatchObject({
      protocol: 'IPv4',
      family: 'other',
      info: 'Fragmented IP protocol (proto=ICMP 1, off=1480, ID=6c41)',
    });
  });

  test('no bytes at all', () => {
    expect(summarize(new Uint8Array(), 1, 60)).toEqual({
      protocol: 'Data',
      family: 'other',
      source: '',
      destination: '',
      info: '[Packet size limited during capture]',
    });
  });
});

test('where the capture ends, and a header around a tunnel’s packet says that it does too, the line is that of the layers', () => {
  const cut =
    bytes(`0a78c2aa327f 86a20f7a08c1 0800 45000060 9d570000 40115192 c0a80501c0a80502 86a52118009cd168 0800000000000100
    e67dfcd9b206 fa577500fddc 0800 4500007e c2754000 40065f1d 0af401000af40200 8a66005045e14c2e895122c38018003f19580000 0101080a3203`);
  expect(cut).toHaveLength(110);
  const { info } = summarize(cut, 1, 190);
  expect(info).toBe(summarizeLayers(dissect(cut, 1, 190)).info);
  expect(info).toContain('Len=0');
});

test('stepping over tunnels changes no line: nested to any depth, with bytes changed and ends cut off', () => {
  const frame = bytes(`${SEND} 0800 4500003cc273400040065f610af401000af40200
    8a66005045e14c2d00000000a002faf019160000020405b40402080a320395d4000000000103030a`);
  const tunnelled = (inside: Uint8Array): Uint8Array => {
    const udp = 16 + inside.length;
    const outer = bytes(
      `${SEND} 0800 45000000 00004000 40110000 c0a80501c0a80502 86a5 2118 0000 0000 0800000000000100`,
    );
    outer.set([(udp + 20) >>> 8, udp + 20], 16);
    outer.set([udp >>> 8, udp], 38);
    return Uint8Array.of(...outer, ...inside);
  };
  const edits = fc.array(fc.tuple(fc.nat(130), fc.nat(255)), { maxLength: 3 });
  const linkType = fc.constantFrom(1, 1, 1, 276, 101);
  fc.assert(
    fc.property(fc.nat(14), edits, fc.nat(60), linkType, (depth, changes, missing, link) => {
      let packet = frame;
      for (let i = 0; i < depth; i++) packet = tunnelled(packet);
      const { length } = packet;
      packet = packet.slice(0, length - (missing > 30 ? missing : 0));
      for (const [at, value] of changes) if (at < packet.length) packet[at] = value;
      expect(summarize(packet, link, length)).toEqual(summarizeLayers(dissect(packet, link, length)));
    }),
    { numRuns: 2000 },
  );
});
