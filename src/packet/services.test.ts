// What a datagram, a segment or a packet says about itself, one message of each kind, as a line of the list has it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, inIpv4, inTcp, inUdp } from '../../tests/support/packets.ts';
import { dissect } from './dissect.ts';
import { summarize } from './summary.ts';

const RAW = 228;
const line = (packet: Uint8Array): string => {
  const { protocol, info } = summarize(packet, RAW);
  return `${protocol} ${info}`;
};
const shown = (packet: Uint8Array, name: string): string =>
  dissect(packet, RAW)
    .flatMap((layer) => layer.named(name))
    .map((field) => field.shown)
    .join();
const layers = (packet: Uint8Array, originalLength?: number): string =>
  dissect(packet, RAW, originalLength)
    .map(({ protocol }) => protocol)
    .join(' ');
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const PING = inIpv4(1, bytesOf('0800 0000 0007 0001'));
const question = '0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001';

describe('WireGuard', () => {
  const initiation = bytesOf(`01000000 78563412 ${'ab'.repeat(140)}`);
  const data = (counter: string, length: number): Uint8Array =>
    bytesOf(`04000000 78563412 ${counter} ${'cd'.repeat(length)}`);

  test('numbers are little-endian, and only what can be said is', () => {
    expect(line(inUdp(51820, 51820, initiation))).toBe('WireGuard Handshake Initiation, sender=0x12345678');
    expect(line(inUdp(51820, 1024, data('0700000000000000', 48)))).toBe(
      'WireGuard Transport Data, receiver=0x12345678, counter=7, datalen=32',
    );
  });

  test('a packet of nothing is a keepalive, and its counter is exact to the last digit', () => {
    const packet = inUdp(51820, 51820, data('ffffffffffffffff', 16));
    expect(line(packet)).toBe('WireGuard Keepalive, receiver=0x12345678, counter=18446744073709551615');
    expect(shown(packet, 'wg.counter')).toBe('18446744073709551615');
  });

  test('on other ports a handshake proves itself, data do not', () => {
    expect(layers(inUdp(40000, 40001, initiation))).toBe('ip udp wg');
    expect(layers(inUdp(40000, 40001, data('0700000000000000', 48)))).toBe('ip udp data');
    expect(layers(inUdp(40000, 40001, initiation.subarray(0, 147)))).toBe('ip udp data');
    expect(layers(inUdp(51820, 51820, bytesOf('0900000001')))).toBe('ip udp data');
  });
});

describe('GRE', () => {
  test('of PPTP carries PPP, and says what has arrived', () => {
    const packet = inIpv4(
      47,
      Uint8Array.from([...bytesOf('3081 880b 0020 0007 00000005 00000004 ff03 0021'), ...PING]),
    );
    expect(layers(packet)).toBe('ip gre ppp ip icmp');
    expect(shown(packet, 'gre.key.call_id')).toBe('7');
    expect(shown(packet, 'gre.ack_number')).toBe('4');
  });

  test('an acknowledgment alone carries nothing', () => {
    expect(line(inIpv4(47, bytesOf('2081 880b 0000 0007 00000004')))).toBe('GRE Encapsulated PPP');
  });

  test('PPP that is not IP is named', () => {
    const packet = inIpv4(47, bytesOf('3001 880b 000c 0001 00000000 ff03 c021 0101 0008 0304 c023'));
    expect(line(packet)).toBe('PPP LCP Configuration Request');
    expect(line(inIpv4(47, bytesOf('3001 880b 0004 0001 00000000 ff03 00fd 9000')))).toBe('PPP Unknown (0x00fd)');
  });

  test('a source route that runs off the packet is where it ends', () => {
    expect(layers(inIpv4(47, bytesOf('4000 0800 0000 0000 0800 0408 0a000001')))).toBe('ip gre _ws.malformed');
  });
});

test('ERSPAN carries copies of frames, with a header or without', () => {
  const frame = bytesOf('020000000002 020000000001 9999 00');
  const carrying = (hex: string): string => layers(inIpv4(47, Uint8Array.from([...bytesOf(hex), ...frame])));
  expect(carrying('0000 88be')).toBe('ip gre eth data');
  expect(carrying('1000 88be 00000001 1005 0064 00000000')).toBe('ip gre erspan eth data');
  expect(carrying('1000 22eb 00000001 2005 0064 00000007 0000 0001 0102030405060708')).toBe('ip gre erspan eth data');
  expect(carrying('1000 88be 00000001 5005 0064 00000000')).toBe('ip gre erspan _ws.malformed');
});

test('VXLAN-GPE carries what its header says', () => {
  const carrying = (next: string): string =>
    layers(inUdp(1024, 4790, Uint8Array.from([...bytesOf(`0c0000${next} 00002a 00`), ...PING])));
  expect(carrying('01')).toBe('ip udp vxlan ip icmp');
  expect(carrying('09')).toBe('ip udp vxlan data');
});

test('a VLAN tag may have a length in place of a type', () => {
  const bpdu = '424203 0000 00 80';
  const frame = bytesOf(`0180c2000000 020000000001 8100 002a 0007 ${bpdu} 0000000000`);
  expect(dissect(frame, 1).map(({ protocol }) => protocol)).toEqual(['eth', 'vlan', 'llc', 'stp']);
  expect(dissect(frame, 1)[1]?.named('vlan.len')[0]?.shown).toBe('7');
});

describe('IGMP', () => {
  const line2 = (hex: string): string => line(inIpv4(2, bytesOf(hex)));
  test('three versions, told by type, length and delay', () => {
    expect(line2('1100 0000 00000000')).toBe('IGMPv1 Membership Query');
    expect(line2('1114 0000 00000000')).toBe('IGMPv2 Membership Query, general');
    expect(line2('1114 0000 ef010203 0200 0001 0a000001')).toBe(
      'IGMPv3 Membership Query, specific for group 239.1.2.3, sources {10.0.0.1}',
    );
    expect(line2('1700 0000 ef010203')).toBe('IGMPv2 Leave Group 239.1.2.3');
    expect(line2('2200 0000 0000 0002 04000000 e00000fb 03000000 ef010203')).toBe(
      'IGMPv3 Membership Report / Join group 224.0.0.251 for any sources / Leave group 239.1.2.3',
    );
    expect(line2('7f00 0000 ef010203')).toBe('IGMP Unknown Type:0x7f');
  });

  test('a long delay is a number with an exponent', () => {
    expect(shown(inIpv4(2, bytesOf('119c 0000 ef010203 0a8f 0000')), 'igmp.max_resp')).toBe('448');
  });

  test('more sources than there are', () => {
    expect(layers(inIpv4(2, bytesOf('2200 0000 0000 0001 0100ffff ef010203 0a000001')))).toBe('ip igmp _ws.malformed');
  });
});

test('VRRP: who holds the addresses', () => {
  const packet = inIpv4(112, bytesOf('2107 ff02 0101 0000 0a000001 0a000002 7365637265740000'));
  expect(line(packet)).toBe('VRRP Announcement (v2)');
  expect(shown(packet, 'vrrp.ip_addr')).toBe('10.0.0.1,10.0.0.2');
  expect(shown(packet, 'vrrp.auth_string')).toBe('secret');
  expect(layers(inIpv4(112, bytesOf('2107 ff09 0001 0000 0a000001')))).toBe('ip vrrp _ws.malformed');
});

test('BFD: whether the way works', () => {
  const message = '0318 00000001 00000002 0000c350 0000c350 00000000';
  expect(line(inUdp(49152, 3784, bytesOf(`20c8 ${message}`)))).toBe(
    'BFD Control Diag: No Diagnostic, State: Up, Flags: 0x08',
  );
  // Version 0 had other flags: nothing is said of them.
  expect(layers(inUdp(49152, 3784, bytesOf(`00c8 ${message}`)))).toBe('ip udp data');
});

describe('NTP', () => {
  test('times of day, and the era after 2036', () => {
    const server = (seconds: string): Uint8Array =>
      inUdp(123, 50123, bytesOf(`2402 06ec ${'00'.repeat(36)} ${seconds} 60000001`));
    expect(line(server('e8f4a1c0'))).toBe('NTP NTP Version 4, server');
    expect(shown(server('e8f4a1c0'), 'ntp.xmt')).toBe('Nov  7, 2023 11:45:04.375000000 UTC');
    expect(shown(server('e8f4a1c0'), 'ntp.org')).toBe('NULL');
    expect(shown(server('00000001'), 'ntp.xmt')).toBe('Feb  7, 2036 06:28:17.375000000 UTC');
  });

  test('what comes after the times is a digest, or extensions', () => {
    const behind = (hex: string): Uint8Array => inUdp(123, 123, bytesOf(`23000000 ${'00'.repeat(44)} ${hex}`));
    expect(shown(behind(`0000002a ${'ab'.repeat(16)}`), 'ntp.keyid')).toBe('0000002a');
    const both = behind(`0104 0020 ${'cd'.repeat(28)} 0000002a ${'ab'.repeat(16)}`);
    expect(shown(both, 'ntp.ext.length')).toBe('32');
    expect(shown(both, 'ntp.mac')).toBe('ab'.repeat(16));
    expect(layers(behind(`0104 0003 ${'cd'.repeat(28)}`))).toBe('ip udp ntp _ws.malformed');
  });
});

describe('DHCPv6', () => {
  test('an address lies in an association, a message in a relay’s', () => {
    const reply = bytesOf(
      `07 000001 0001 000a 0003 0001 0242ac110002
       0003 0028 00000007 00000e10 00001518 0005 0018 fd000000000000000000000000000005 00000e10 00001c20`,
    );
    expect(line(inUdp(547, 546, reply))).toBe('DHCPv6 Reply XID: 0x000001 CID: 000300010242ac110002 IAA: fd00::5 ');
    const relayed = bytesOf(`0d 00 ${'00'.repeat(15)}01 ${'00'.repeat(15)}02 0009 0004 07000002`);
    expect(line(inUdp(547, 547, relayed))).toBe('DHCPv6 Relay-reply L: ::1 Reply XID: 0x000002 ');
  });

  test('options in options in options end after a bound', () => {
    let options = '';
    for (let depth = 0; depth < 40; depth++)
      options = `0004 ${(4 + options.length / 2).toString(16).padStart(4, '0')} 00000001 ${options}`.replaceAll(
        ' ',
        '',
      );
    const last = dissect(inUdp(546, 547, bytesOf(`01000001${options}`)), RAW).at(-1);
    expect(last).toMatchObject({ protocol: '_ws.malformed', reason: expect.stringContaining('deep') });
  });

  test('names: whole ones end with a dot, parts do not', () => {
    const name = (hex: string): string =>
      shown(inUdp(547, 546, bytesOf(`07000001 0018 ${hex}`)), 'dhcpv6.search_list_entry');
    expect(name('000f 07636c7573746572 056c6f63616c 00')).toBe('cluster.local.');
    expect(name('0008 07636c7573746572')).toBe('cluster');
  });
});

describe('names', () => {
  const netbios = '20 4644454646434647454646434341434143414341434143414341434143414341 00';

  test('NetBIOS’s are read out of their letters', () => {
    expect(line(inUdp(137, 137, bytesOf(`1234 0110 0001 0000 0000 0000 ${netbios} 0020 0001`)))).toBe(
      'NBNS Name query NB SERVER<20>',
    );
    const answer = `1234 8500 0000 0001 0000 0000 ${netbios} 0020 0001 00000000 0006 0000 0a000009`;
    expect(line(inUdp(137, 137, bytesOf(answer)))).toBe('NBNS Name query response NB 10.0.0.9');
  });

  test('64 kB of pointers to one long name end at once', () => {
    const message = new Uint8Array(60_000);
    message.set(bytesOf('1234 0110 ffff ffff ffff ffff'));
    message.fill(0xc0, 12);
    const began = performance.now();
    expect(layers(inUdp(137, 137, message))).toBe('ip udp nbns _ws.malformed');
    expect(performance.now() - began).toBeLessThan(500);
  });

  test('LLMNR’s and multicast’s are DNS’s under other names', () => {
    expect(line(inUdp(50000, 5355, bytesOf(`1234 ${question}`)))).toBe('LLMNR Standard query 0x1234 A www.example.com');
    expect(shown(inUdp(50000, 5355, bytesOf(`1234 ${question}`)), 'dns.flags.tentative')).toBe('1');
    expect(shown(inUdp(50000, 5355, bytesOf(`1234 ${question}`)), 'dns.flags.recdesired')).toBe('');
  });

  test('a question that asks whether the answer is verified says so; others do not mention it', () => {
    const asked = (flags: string): string =>
      shown(inUdp(50000, 53, bytesOf(`1234 ${flags} ${question.slice(5)}`)), 'dns.flags.authenticated');
    expect(asked('0120')).toBe('1');
    expect(asked('0100')).toBe('');
    expect(asked('8100')).toBe('0');
  });

  test('SSDP is HTTP in datagrams, with methods of its own', () => {
    const search = ascii('M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n');
    expect(line(inUdp(50000, 1900, search))).toBe('SSDP M-SEARCH * HTTP/1.1');
    expect(shown(inUdp(50000, 1900, search), 'http.request.method')).toBe('M-SEARCH');
    const news = inUdp(1900, 1900, ascii('NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\n\r\n'));
    expect(shown(news, 'http.notification')).toBe('1');
    expect(shown(news, 'http.request')).toBe('');
    expect(layers(inUdp(50000, 1900, ascii('hello')))).toBe('ip udp data');
  });
});

describe('DNS over TCP', () => {
  const one = `0021 0001 ${question}`;
  const two = `0021 0002 ${question}`;

  test('two messages in one segment are two, and no HTTP/2', () => {
    const packet = inTcp(40000, 53, bytesOf(one + two));
    expect(layers(packet)).toBe('ip tcp dns dns');
    expect(shown(packet, 'dns.id')).toBe('0x0001,0x0002');
  });

  test('a hundred of them are a hundred', () => {
    const packet = inTcp(40000, 53, bytesOf(one.repeat(100)));
    expect(dissect(packet, RAW).filter(({ protocol }) => protocol === 'dns')).toHaveLength(100);
    expect(dissect(packet, RAW).at(-1)?.protocol).toBe('dns');
  });

  test('what is not whole is data', () => {
    expect(layers(inTcp(40000, 53, bytesOf(one + two.slice(0, 20))))).toBe('ip tcp dns data');
    expect(layers(inTcp(40000, 53, bytesOf(one).subarray(0, 30)))).toBe('ip tcp data');
  });
});

describe('SCTP and ESP', () => {
  test('chunks, each with its numbers', () => {
    const head = '9c40 9c41 0000002a 00000000';
    expect(line(inIpv4(132, bytesOf(`${head} 0b000004 00030015 00000064 0001 0002 00000000 68656c6c6f 000000`)))).toBe(
      'SCTP COOKIE_ACK DATA (TSN=100) ',
    );
    expect(line(inIpv4(132, bytesOf(`${head} 03000014 00000064 0000ffff 0001 0000 0002 0003`)))).toBe(
      'SCTP SACK (Ack=100+3, Arwnd=65535) ',
    );
    expect(layers(inIpv4(132, bytesOf(`${head} 01000003 00000000`)))).toBe('ip sctp _ws.malformed');
  });

  test('of what is encrypted, which agreement it is under', () => {
    expect(line(inIpv4(50, bytesOf(`00000100 00000007 ${'ab'.repeat(16)}`)))).toBe('ESP ESP (SPI=0x00000100)');
  });
});

describe('lengths that cannot be', () => {
  test('a UDP length of more than its packet says so', () => {
    const packet = inUdp(1, 2, ascii('abc'), 0xffff);
    expect(line(packet)).toBe('UDP 1 → 2 [BAD UDP LENGTH 65535 > IP PAYLOAD LENGTH] Len=65527');
    const udp = dissect(packet, RAW)[1];
    expect(udp?.named('udp.length')[0]?.meaning).toBe('impossible: its packet has 11 for it');
    expect(dissect(packet, RAW).at(-1)).toMatchObject({
      protocol: '_ws.malformed',
      of: 'udp',
      reason: 'UDP length is 65535 bytes, its packet has 11 for it',
    });
  });

  test('but not when the capture cut the packet, nor in a fragment', () => {
    const whole = inUdp(1, 2, ascii('abcdefgh'));
    expect(summarize(whole.subarray(0, 30), RAW, whole.length).info).toBe('1 → 2 Len=8');
    const first = inIpv4(17, bytesOf('0001 0002 0100 0000 61626364'), { flags: 0x2000 });
    expect(line(first)).toBe('UDP 1 → 2 Len=248');
  });

  test('an IP length of 0 is a segment that was not cut up yet: what was on the wire counts', () => {
    const packet = inTcp(80, 40000, ascii('x'.repeat(1000)));
    packet.set([0, 0], 2);
    expect(shown(packet, 'ip.len')).toBe('1040');
    expect(shown(packet, 'tcp.len')).toBe('1000');
    const cut = dissect(packet.subarray(0, 100), RAW, packet.length);
    expect(cut.flatMap((layer) => layer.named('tcp.len'))[0]?.shown).toBe('1000');
    expect(cut[0]?.named('ip.len')[0]).toMatchObject({ shown: '1040', meaning: expect.stringContaining('says 0') });
  });

  test('an IP length of more than is there says how much is', () => {
    const packet = inIpv4(17, bytesOf('0001 0002 000b 0000 616263'), { length: 100 });
    expect(dissect(packet, RAW)[0]?.named('ip.len')[0]).toMatchObject({ shown: '100', meaning: 'only 31 are there' });
  });
});

describe('where decoding stops', () => {
  const answer = bytesOf(`0035 9c40 0258 0000 1234 8180 0001 0002 ${question.slice(15)} c00c 0001 0001 00000078`);

  test('what a first fragment lacks is in the others: it is not malformed', () => {
    expect(layers(inIpv4(17, answer, { flags: 0x2000 }))).toBe('ip udp dns _ws.unreassembled');
    expect(layers(inUdp(53, 40000, answer.subarray(8)))).toBe('ip udp dns _ws.malformed');
    expect(line(inIpv4(17, answer, { flags: 0x2000 }))).toBe(
      'DNS Standard query response 0x1234 A www.example.com[BoundErrorUnreassembled Packet]',
    );
  });

  test('a capture that ends with a header says that it cut the rest', () => {
    const whole = inUdp(1000, 2000, ascii('abc'));
    expect(layers(whole.subarray(0, 20), whole.length)).toBe('ip _ws.short');
    expect(layers(whole.subarray(0, 28), whole.length)).toBe('ip udp _ws.short');
    expect(layers(whole.subarray(0, 29), whole.length)).toBe('ip udp data');
    expect(layers(inUdp(1000, 2000, new Uint8Array()), 100)).toBe('ip udp');
  });

  test('a message over TCP that was cut says so, data that nobody knows do not', () => {
    const http = inTcp(80, 40000, ascii(`HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n${'x'.repeat(50)}`));
    expect(layers(http.subarray(0, 90), http.length)).toBe('ip tcp http _ws.short');
    expect(layers(http)).toBe('ip tcp http');
    const other = inTcp(40000, 40001, ascii('x'.repeat(100)));
    expect(layers(other.subarray(0, 90), other.length)).toBe('ip tcp data');
  });
});

/** Whatever these carry, nothing throws and nothing is read outside the packet. */
test('any bytes at all, where a message is expected', () => {
  const udpPorts = [53, 67, 123, 137, 546, 547, 1900, 3784, 4784, 4790, 5353, 5355, 6081, 8285, 51820];
  const start = fc.constantFrom(
    ...[
      '',
      '01',
      '0c',
      '1122',
      '2200',
      '2081',
      '20c4',
      '0104',
      '3081880b',
      '01000000',
      '04000000',
      '1234 8500 0000 0001',
    ],
  );
  const carried = fc
    .tuple(start, fc.uint8Array({ maxLength: 120 }))
    .map(([hex, rest]) => Uint8Array.from([...bytesOf(hex), ...rest]));
  const packet = fc.oneof(
    fc.tuple(fc.constantFrom(...udpPorts), carried).map(([port, bytes]) => inUdp(40000, port, bytes)),
    fc.tuple(fc.constantFrom(2, 47, 50, 112, 132), carried).map(([protocol, bytes]) => inIpv4(protocol, bytes)),
    fc.tuple(fc.constantFrom(22, 53), carried).map(([port, bytes]) => inTcp(40000, port, bytes)),
  );
  fc.assert(
    fc.property(packet, fc.nat(200), (whole, length) => {
      const cut = whole.subarray(0, Math.max(length, 1));
      for (const layer of dissect(cut, RAW, whole.length)) {
        expect(layer.protocol).not.toBe(cut.length < whole.length && layer.offset >= cut.length ? '_ws.malformed' : '');
        expect(layer.offset + layer.length).toBeLessThanOrEqual(cut.length);
        expect(layer.info()).not.toMatch(/undefined|NaN/);
        for (const { offset, length: size, shown: text } of layer.fields()) {
          expect(offset + size).toBeLessThanOrEqual(cut.length);
          expect(text).not.toMatch(/undefined|NaN|\[object/);
        }
      }
    }),
    { numRuns: 3000 },
  );
});
