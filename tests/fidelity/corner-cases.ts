// Packets that the recorded captures do not have, written by hand: each list entry is a frame in hexadecimal or built of parts.
// Lengths and IP checksums are filled in here, so that only what is odd about a packet is odd.

export const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.replace(/[^0-9a-f]/gi, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
export const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff);

export function sum(bytes: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < bytes.length; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}

export const ethernet = (type: string, payload: Uint8Array, destination = '0242ac110003'): Uint8Array =>
  join(hex(`${destination} 0242ac110002 ${type}`), payload);

export function ipv4(
  protocol: number,
  payload: Uint8Array,
  odd: { readonly options?: string; readonly flags?: string; readonly length?: number } = {},
): Uint8Array {
  const options = hex(odd.options ?? '');
  const words = 5 + options.length / 4;
  const length = odd.length ?? words * 4 + payload.length;
  const header = join(
    Uint8Array.of(0x40 | words, 0),
    u16(length),
    hex(`1c46 ${odd.flags ?? '4000'} 40`),
    Uint8Array.of(protocol),
    hex('0000 ac110002 ac110003'),
    options,
  );
  header.set(u16(sum(header)), 10);
  return join(header, payload);
}

export const ipv6 = (next: number, payload: Uint8Array): Uint8Array =>
  join(
    hex('6a312345'),
    u16(payload.length),
    Uint8Array.of(next, 64),
    hex('fd000017000000000000000000000002 fd000017000000000000000000000003'),
    payload,
  );

export const udp = (
  source: number,
  destination: number,
  payload: Uint8Array,
  length = 8 + payload.length,
): Uint8Array => join(u16(source), u16(destination), u16(length), hex('0000'), payload);

export function tcp(
  source: number,
  destination: number,
  odd: { readonly flags?: string; readonly options?: string; readonly payload?: Uint8Array } = {},
): Uint8Array {
  const options = hex(odd.options ?? '');
  const flags = odd.flags ?? '018';
  const words = (5 + options.length / 4).toString(16);
  return join(
    u16(source),
    u16(destination),
    hex(`11223344 55667788 ${words}${flags} 01f6 abcd 0001`),
    options,
    odd.payload ?? hex(''),
  );
}

export function icmp(head: string, payload: Uint8Array): Uint8Array {
  const message = join(hex(head), payload);
  message.set(u16(sum(message)), 2);
  return message;
}

const quoted = ipv4(17, udp(40000, 9999, ascii('hello')));
const quotedTcp8 = ipv4(6, tcp(40000, 80), {}).slice(0, 28);
const query = hex('1234 0100 0001 0000 0000 0001  03777777 076578616d706c65 03636f6d 00 0001 0001');
const opt = hex('00 0029 1000 00 00 8000 0000');
const inner = ethernet('0800', ipv4(1, icmp('0800 0000 0007 0001', ascii('abcdefgh'))));
const arp = (operation: string, senderIp: string, targetIp: string): Uint8Array =>
  ethernet(
    '0806',
    hex(`0001 0800 06 04 ${operation} 0242ac110002 ${senderIp} 000000000000 ${targetIp}`),
    'ffffffffffff',
  );

/** An IEEE 802.3 frame: the payload's length where others have a type, and padding up to the least that Ethernet sends. */
const ieee8023 = (payload: Uint8Array): Uint8Array =>
  join(
    hex('0180c2000000 0242ac110002'),
    u16(payload.length),
    payload,
    new Uint8Array(Math.max(46 - payload.length, 0)),
  );

/** GRE with its checksum filled in. */
function gre(head: string, payload: Uint8Array): Uint8Array {
  const packet = join(hex(head), payload);
  if ((packet[0] ?? 0) & 0x80) packet.set(u16(sum(packet)), 4);
  return packet;
}

/** Link layer and tunnels. */
const LINKS_AND_TUNNELS: Readonly<Record<string, Uint8Array>> = {
  'STP configuration of a root bridge': ieee8023(
    hex('424203 0000 00 00 00 8000 0242ac110001 00000000 8000 0242ac110001 8001 0000 1400 0200 0f00'),
  ),
  'STP configuration two bridges away, tree changing': ieee8023(
    hex('424203 0000 00 00 81 1064 0242ac110001 00000064 8001 0242ac110009 8002 0180 1400 0200 0f00'),
  ),
  'STP topology change notification': ieee8023(hex('424203 0000 00 80')),
  'rapid STP': ieee8023(
    hex('424203 0000 02 02 3e 8000 0242ac110001 00004e20 8000 0242ac110002 8002 0100 1400 0200 0f00 00'),
  ),
  'SNAP with IPv4': ieee8023(join(hex('aaaa03 000000 0800'), ipv4(1, icmp('0800 0000 0007 0001', ascii('abcdefgh'))))),
  'SNAP of an organisation': ieee8023(hex('aaaa03 00aabb 0001 0102030405')),
  'LLC of a protocol that nobody knows': ieee8023(hex('787903 010203')),
  'LLC, an information frame': ieee8023(hex('7878 0402 010203')),
  'GRE with IPv4': ethernet('0800', ipv4(47, gre('0000 0800', ipv4(1, icmp('0800 0000 0007 0001', ascii('abcd')))))),
  'GRE with key, checksum and sequence number, Ethernet inside': ethernet(
    '0800',
    ipv4(47, gre('b000 6558 0000 0000 0000002a 00000007', inner)),
  ),
  'GRE with IPv6': ethernet('0800', ipv4(47, gre('2000 86dd 00000007', ipv6(17, udp(1000, 2000, ascii('x')))))),
  'GRE of a protocol that nobody knows': ethernet('0800', ipv4(47, gre('0000 1234', ascii('abcd')))),
  'GRE over IPv6': ethernet('86dd', ipv6(47, gre('0000 0800', ipv4(17, udp(1000, 2000, ascii('x')))))),
  Geneve: ethernet('0800', ipv4(17, udp(50000, 6081, join(hex('0000 6558 00002a 00'), inner)))),
  'Geneve with options': ethernet(
    '0800',
    ipv4(
      17,
      udp(50000, 6081, join(hex('05c0 6558 00002a 00  0102 80 01 00000001  0103 01 02 0011223344556677'), inner)),
    ),
  ),
  'Geneve with IPv4': ethernet(
    '0800',
    ipv4(17, udp(50000, 6081, join(hex('0000 0800 000001 00'), ipv4(17, udp(1000, 2000, ascii('x')))))),
  ),
  'authentication header': ethernet(
    '0800',
    ipv4(51, join(hex('06 04 0000 00000100 00000001 00112233445566778899aabb'), tcp(1024, 80, { flags: '002' }))),
  ),
  'authentication header over IPv6': ethernet(
    '86dd',
    ipv6(51, join(hex('11 04 0000 00000100 00000001 00112233445566778899aabb'), udp(1024, 1025, ascii('abc')))),
  ),
};

const udpOverIpv6 = hex('03e8 07d0 000c 0001 61626364');
const withOptions = (options: string): Uint8Array => ethernet('0800', ipv4(17, udp(1, 2, ascii('abc')), { options }));
/** ICMPv6 with its checksum filled in, behind a hop-by-hop header with a router alert where MLD has one. */
function icmpv6(head: string, alert = false): Uint8Array {
  const message = hex(head);
  const packet = ipv6(58, message);
  const pseudo = join(packet.subarray(8, 40), u16(0), u16(message.length), u16(0), u16(58));
  message.set(u16(sum(join(pseudo, message))), 2);
  return ethernet('86dd', alert ? ipv6(0, join(hex('3a 00 0502 0000 0100'), message)) : ipv6(58, message));
}

/** Options and extension headers of IP, and ICMPv6's messages. */
const IP_AND_ICMPV6: Readonly<Record<string, Uint8Array>> = {
  'IP loose source route': withOptions('830b04 ac110001 ac110005 00'),
  'IP strict source route, all visited': withOptions('890708 ac110001 00'),
  'IP record route': withOptions('070b08 ac110001 00000000 00'),
  'IP timestamps': withOptions('440c0d00 00000001 00000002'),
  'IP timestamps with addresses': withOptions('44140d01 ac110001 00000001 00000000 00000000'),
  'IP timestamps, some routers full': withOptions('440c0d30 00000001 00000002'),
  'IP router alert': withOptions('94040000'),
  'MLD query': icmpv6('8200 0000 03e8 0000 00000000000000000000000000000000', true),
  'MLD report': icmpv6('8300 0000 0000 0000 ff0200000000000000000001ff000003', true),
  'MLD done': icmpv6('8400 0000 0000 0000 ff0200000000000000000001ff000003', true),
  'MLDv2 query with sources': icmpv6(
    '8200 0000 2710 0000 ff0200000000000000000001ff000003 0a 7d 0001 fd000017000000000000000000000009',
    true,
  ),
  'MLDv2 report with two records': icmpv6(
    `8f00 0000 0000 0002 04000000 ff0200000000000000000001ff000003
     01 00 0001 ff0200000000000000000000000000fb fd000017000000000000000000000009`,
    true,
  ),
  'router solicitation': icmpv6('8500 0000 00000000 0101 0242ac110002'),
  'router advertisement with every option': icmpv6(
    `8600 0000 40 c8 0708 00007530 000003e8 0101 0242ac110001 0501 0000 000005dc
     0304 40c0 00015180 00003840 00000000 fd000017000000000000000000000000
     1903 0000 00000e10 fd000017000000000000000000000053
     1f03 0000 00000e10 07 636c7573746572 05 6c6f63616c 00 00
     1802 4008 00000708 fd00001800000000`,
  ),
  'neighbour solicitation with a nonce': icmpv6(
    '8700 0000 00000000 fd000017000000000000000000000003 0101 0242ac110002 0e01 010203040506',
  ),
  'ICMPv6 redirect': icmpv6(
    '8900 0000 00000000 fe800000000000000000000000000001 fd000017000000000000000000000009 0201 0242ac110001',
  ),
  'ICMPv6 packet too big': icmpv6(
    '0200 0000 00000500 60000000 000a 11 40 fd000017000000000000000000000002 fd000017000000000000000000000003 0001 0002 000a 0000 6162',
  ),
  'ICMPv6 parameter problem': icmpv6(
    '0401 0000 00000028 60000000 000a 11 40 fd000017000000000000000000000002 fd000017000000000000000000000003 0001 0002 000a 0000 6162',
  ),
  'IPv6 with padding and a router alert among the options': ethernet(
    '86dd',
    ipv6(0, join(hex('11 01 00 0103 000000 0502 0000 1102 abcd'), udpOverIpv6)),
  ),
  'IPv6 source route': ethernet('86dd', ipv6(43, join(hex('3b 02 00 01 00000000 fd000017000000000000000000000009')))),
  'IPv6 segment routing': ethernet(
    '86dd',
    ipv6(43, join(hex('3b 04 04 01 01 00 0000 fd000017000000000000000000000009 fd00001700000000000000000000000a'))),
  ),
  'IPv6 atomic fragment with reserved bits': ethernet('86dd', ipv6(44, join(hex('3b aa 0006 0badcafe')))),
};

/** A DHCP message: its fixed part, and options in hexadecimal. */
function dhcp(client: boolean, head: string, options: string): Uint8Array {
  const fixed = new Uint8Array(236);
  fixed.set(hex(head));
  const ports: readonly [number, number] = client ? [68, 67] : [67, 68];
  return ethernet('0800', ipv4(17, udp(...ports, join(fixed, hex(`63825363 ${options}`)))), 'ffffffffffff');
}
const dhcpClient = '01 01 06 00 3903f326 0000 8000 00000000 00000000 00000000 00000000 0242ac110002';
const dhcpServer = '02 01 06 00 3903f326 0003 0000 00000000 ac110005 ac110001 00000000 0242ac110002';

const bgpMessage = (type: string, body: string): Uint8Array =>
  join(hex('ffffffffffffffffffffffffffffffff'), u16(19 + hex(body).length), hex(type), hex(body));
const bgp = (...messages: readonly Uint8Array[]): Uint8Array =>
  ethernet('0800', ipv4(6, tcp(1024, 179, { payload: join(...messages) })));

/** HTTP/2 on etcd’s port, each from a port of its own: tshark keeps the headers that a connection has said. */
let port = 1024;
function http2(...frames: readonly Uint8Array[]): Uint8Array {
  port++;
  return ethernet('0800', ipv4(6, tcp(port, 2379, { payload: join(...frames) })));
}
/** @param head type, flags and stream */
const frame = (head: string, payload = ''): Uint8Array =>
  join(u16(0), Uint8Array.of(hex(payload).length), hex(head), hex(payload));

/** What UDP and TCP carry. */
const PROGRAMS: Readonly<Record<string, Uint8Array>> = {
  'DHCP discover': dhcp(
    true,
    dhcpClient,
    '350101 3d070102 42ac110002 3204ac110005 0c0464 622d61 3c0675646863 7020 390205dc 3708 0103060c0f1c2a79 ff 0000',
  ),
  'DHCP offer': dhcp(
    false,
    dhcpServer,
    `350102 3604ac110001 33040000 0e10 3a04000007 08 3b0400000c4e 0104ffff0000 1c04ac11ffff 0304ac110001
     0608ac110001 08080808 0f07 6578616d706c65 2a04ac110001 1a0205dc ff`,
  ),
  'DHCP request': dhcp(true, dhcpClient, '350103 3204ac110005 3604ac110001 51090000 00 6e6f64652d31 52040102 abcd ff'),
  'DHCP acknowledgement with routes': dhcp(
    false,
    dhcpServer,
    '350105 3604ac110001 790d 18c0a805 ac110001 00 ac110001 2b03 010203 0000 ff',
  ),
  'DHCP offer of a file to boot': dhcp(
    false,
    `${dhcpServer} ${'00'.repeat(10)} 626f6f74 ${'00'.repeat(60)} 7078652e30`,
    '350102 3604ac110001 ff',
  ),
  'DHCP refusal': dhcp(false, dhcpServer, '350106 3604ac110001 380a 6e6f206164647265 7373 ff'),
  'BOOTP without options': ethernet(
    '0800',
    ipv4(17, udp(68, 67, join(hex(dhcpClient), new Uint8Array(236 - hex(dhcpClient).length), new Uint8Array(64)))),
  ),
  'HTTP/2 magic and settings': http2(
    ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame('04 00 00000000', '0001 00001000 0002 00000000 0003 00000064 0004 0000ffff 0005 00004000 0006 00002000'),
    frame('08 00 00000000', '0000ffff'),
  ),
  'HTTP/2 headers by Huffman’s code': http2(frame('01 05 00000001', '8286 8441 8cf1e3c2e5f23a6ba0ab90f4ff')),
  'HTTP/2 headers, padded and with a priority': http2(
    frame('01 2d 00000003', '03 80000001 0f 8286 8441 8cf1e3c2e5f23a6ba0ab90f4ff 000000'),
  ),
  'HTTP/2 literal headers of each form': http2(
    frame('01 04 00000005', '88 0003 612d62 0163 1003 642d65 0166 4001 67 0168'),
  ),
  'HTTP/2 with gRPC messages': http2(
    frame('01 04 00000001', '83 86 44 04 2f612f62 5f 8b 1d75d0620d263d4c4d6564'),
    frame('00 01 00000001', '00 00000003 0a0161 00 00000002 0801'),
  ),
  'HTTP/2 padded data': http2(frame('00 09 00000007', '03 616263 000000')),
  'HTTP/2 control frames': http2(
    frame('04 01 00000000'),
    frame('06 00 00000000', '0102030405060708'),
    frame('06 01 00000000', '0102030405060708'),
    frame('02 00 00000009', '00000001 10'),
    frame('03 00 00000009', '00000008'),
    frame('07 00 00000000', '00000009 00000000 6f6b'),
  ),
  'BGP open': bgp(
    bgpMessage('01', '04 fc00 005a ac110001 1a 02 0601 04 0001 0001 02 0202 00 02 0641 04 0000fc00 02 0440 02 0078'),
  ),
  'BGP keepalives': bgp(bgpMessage('04', ''), bgpMessage('04', '')),
  'BGP update': bgp(
    bgpMessage(
      '02',
      `0000 001c 400101 00 400200 400304 ac110001 400504 00000064 800404 00000000 18 0a01 02 1a 0af40040`,
    ),
    bgpMessage('04', ''),
  ),
  'BGP update with an AS path': bgp(
    bgpMessage('02', '0000 0014 400101 02 4002 06 0202 fc00fc01 400304 ac110001 20 0a010203'),
  ),
  'BGP update with an AS path of long numbers': bgp(
    bgpMessage('02', '0000 0014 400101 00 4002 06 0201 00010000 400304 ac110001 20 0a010203'),
  ),
  'BGP withdrawal': bgp(bgpMessage('02', '0004 180a0102 0000')),
  'BGP notification': bgp(bgpMessage('03', '06 02')),
  'BGP route refresh': bgp(bgpMessage('05', '0001 00 01')),
};

/** Well-formed Ethernet frames. */
/** web.local, to be answered to everyone, and to whoever asks. */
const MULTICAST_QUESTIONS = hex('03776562 056c6f63616c 00 0001 0001 c00c 001c 8001');
/** Two addresses, the first in place of all that were known. */
const MULTICAST_ANSWERS = hex(
  '03776562 056c6f63616c 00 0001 8001 00000078 0004 ac110002 c00c 0001 0001 00000078 0004 ac110003',
);

export const FRAMES: Readonly<Record<string, Uint8Array>> = {
  'JSON in HTTP': ethernet(
    '0800',
    ipv4(
      6,
      tcp(40000, 8080, {
        payload: ascii(
          'POST /api HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 66\r\n\r\n{"name":"web","ports":[80,null],"on":true,"off":false,"n":{"a":1}}',
        ),
      }),
    ),
  ),
  ...LINKS_AND_TUNNELS,
  ...IP_AND_ICMPV6,
  ...PROGRAMS,
  'VLAN tag': ethernet('8100', join(hex('b02a 0800'), ipv4(1, icmp('0800 0000 0007 0001', ascii('abcd'))))),
  'VLAN tag in a VLAN tag': ethernet('8100', join(hex('0064 8100 002a 0800'), ipv4(17, udp(1000, 2000, ascii('x'))))),
  'ARP probe': arp('0001', '00000000', 'ac110005'),
  'ARP announcement': arp('0001', 'ac110005', 'ac110005'),
  'gratuitous ARP reply': arp('0002', 'ac110005', 'ac110005'),
  'VXLAN on IANA’s port': ethernet('0800', ipv4(17, udp(50000, 4789, join(hex('08000000 0000 2a 00'), inner)))),
  'VXLAN on Linux’s port': ethernet('0800', ipv4(17, udp(50000, 8472, join(hex('08000000 000001 00'), inner)))),
  'VXLAN in VXLAN': ethernet(
    '0800',
    ipv4(
      17,
      udp(
        50000,
        8472,
        join(
          hex('08000000 000001 00'),
          ethernet('0800', ipv4(17, udp(50001, 8472, join(hex('08000000 000002 00'), inner)))),
        ),
      ),
    ),
  ),
  'flannel’s UDP backend': ethernet('0800', ipv4(17, udp(8285, 8285, ipv4(6, tcp(1024, 2379, { flags: '002' }))))),
  'IP in IP': ethernet('0800', ipv4(4, ipv4(1, icmp('0800 0000 0007 0001', ascii('abcd'))))),
  'ICMP port unreachable': ethernet('0800', ipv4(1, icmp('0303 0000 00000000', quoted))),
  'ICMP fragmentation needed': ethernet('0800', ipv4(1, icmp('0304 0000 0000 05aa', quoted))),
  'ICMP redirect': ethernet('0800', ipv4(1, icmp('0501 0000 ac110001', quoted))),
  'ICMP time exceeded, eight bytes of TCP quoted': ethernet('0800', ipv4(1, icmp('0b00 0000 00000000', quotedTcp8))),
  'IP options': ethernet('0800', ipv4(17, udp(1, 2, ascii('abc')), { options: '94040000 01010100' })),
  'first fragment': ethernet('0800', ipv4(17, udp(1000, 2000, ascii('12345678')), { flags: '2000' })),
  'second fragment': ethernet('0800', ipv4(17, ascii('12345678'), { flags: '0002' })),
  'Ethernet padding after a short packet': ethernet(
    '0800',
    join(ipv4(6, tcp(80, 1024, { flags: '010' })), hex('000000000000')),
  ),
  'TCP with SACK blocks': ethernet(
    '0800',
    ipv4(6, tcp(80, 1024, { flags: '010', options: '0101 0512 00000001 00000002 00000003 00000004' })),
  ),
  'TCP with every option of a SYN': ethernet(
    '0800',
    ipv4(6, tcp(1024, 80, { flags: '0c2', options: '020405b4 0402 080a 00000001 00000000 01 030307' })),
  ),
  'TCP with every flag': ethernet('0800', ipv4(6, tcp(80, 1024, { flags: '1ff' }))),
  'TCP with no flag': ethernet('0800', ipv4(6, tcp(80, 1024, { flags: '000' }))),
  'TCP reset': ethernet('0800', ipv4(6, tcp(80, 1024, { flags: '014' }))),
  'DNS over TCP': ethernet(
    '0800',
    ipv4(6, tcp(1024, 53, { payload: join(u16(query.length + opt.length), query, opt) })),
  ),
  'DNS with EDNS': ethernet('0800', ipv4(17, udp(1024, 53, join(query, opt)))),
  'DNS by multicast': ethernet(
    '0800',
    ipv4(17, udp(5353, 5353, join(hex('0000 0000 0002 0000 0000 0000'), MULTICAST_QUESTIONS))),
  ),
  'DNS answers by multicast': ethernet(
    '0800',
    ipv4(17, udp(5353, 5353, join(hex('0000 8400 0000 0002 0000 0000'), MULTICAST_ANSWERS))),
  ),
  'DNS query for the root': ethernet(
    '0800',
    ipv4(17, udp(1024, 53, hex('0001 0100 0001 0000 0000 0000 00 0002 0001'))),
  ),
  'HTTP with two requests in one segment': ethernet(
    '0800',
    ipv4(
      6,
      tcp(1024, 80, { payload: ascii('GET /a HTTP/1.1\r\nHost: one\r\n\r\nGET /b HTTP/1.1\r\nHost: two\r\n\r\n') }),
    ),
  ),
  'HTTP on another port': ethernet(
    '0800',
    ipv4(6, tcp(1024, 31080, { payload: ascii('DELETE /x?y=z HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n') })),
  ),
  'HTTP whose head goes on in the next segment': ethernet(
    '0800',
    ipv4(6, tcp(1024, 80, { payload: ascii('GET / HTTP/1.1\r\nHost: example.com\r\nUser-Ag') })),
  ),
  'IPv6 with a hop-by-hop header': ethernet(
    '86dd',
    ipv6(0, join(hex('3a 00 0502 0000 0100'), hex('8f00 0000 0000 0001 04000000 ff0200000000000000000001ff000003'))),
  ),
  'IPv6 with destination options and TCP': ethernet(
    '86dd',
    ipv6(60, join(hex('06 00 0104 00000000'), tcp(1024, 80, { flags: '002' }))),
  ),
  'IPv6 fragment': ethernet('86dd', ipv6(44, join(hex('11 00 0009 0badcafe'), ascii('12345678')))),
  'neighbour advertisement of a router': ethernet(
    '86dd',
    ipv6(58, hex('8800 0000 a0000000 fd000017000000000000000000000003 0201 0242ac110003')),
  ),
  'IPv6 no next header': ethernet('86dd', ipv6(59, hex(''))),
};

/** Frames that are wrong in one place each, and the protocol at which decoding has to stop. */
export const BROKEN: Readonly<Record<string, readonly [frame: Uint8Array, at: string]>> = {
  'Ethernet header of 10 bytes': [ethernet('0800', hex('')).slice(0, 10), 'eth'],
  'IP header of 12 bytes': [ethernet('0800', ipv4(6, tcp(1, 2))).slice(0, 26), 'ip'],
  'IP version 5': [ethernet('0800', hex('55000014 00000000 40060000 ac110002 ac110003')), 'ip'],
  'IP header length of 16': [ethernet('0800', hex('44000014 00000000 40060000 ac110002 ac110003')), 'ip'],
  'IP total length below its header': [ethernet('0800', ipv4(6, tcp(1, 2), { length: 12 })), 'ip'],
  'TCP header of 8 bytes': [ethernet('0800', ipv4(6, tcp(1, 2).slice(0, 8))), 'tcp'],
  'TCP header length of 8': [
    ethernet('0800', ipv4(6, join(tcp(1, 2).slice(0, 12), hex('2018 01f6 abcd 0000')))),
    'tcp',
  ],
  'UDP header of 4 bytes': [ethernet('0800', ipv4(17, hex('0001 0002'))), 'udp'],
  'UDP length of 4': [ethernet('0800', ipv4(17, udp(1, 2, ascii('abc'), 4))), 'udp'],
  'UDP length of 0': [ethernet('0800', ipv4(17, udp(1, 2, ascii('abc'), 0))), 'udp'],
  'DNS name that points to itself': [
    ethernet('0800', ipv4(17, udp(1024, 53, hex('0001 0100 0001 0000 0000 0000 c00c 0001 0001')))),
    'dns',
  ],
  'DNS label past the end': [
    ethernet('0800', ipv4(17, udp(1024, 53, hex('0001 0100 0001 0000 0000 0000 3f61 6263')))),
    'dns',
  ],
  'VXLAN header of 4 bytes': [ethernet('0800', ipv4(17, udp(1024, 8472, hex('08000000')))), 'vxlan'],
  'ARP of 20 bytes': [ethernet('0806', hex('0001 0800 06 04 0001 0242ac110002 ac110002 0000')), 'arp'],
  'IPv6 header of 20 bytes': [ethernet('86dd', ipv6(59, hex(''))).slice(0, 34), 'ipv6'],
};
