// More packets written by hand, as in corner-cases.ts: tunnels, what keeps a network going (time, addresses, names, routers'
// hellos), what is encrypted, and lengths that cannot be.
import { ascii, ethernet, hex, icmp, ipv4, ipv6, join, sum, tcp, u16, udp } from './corner-cases.ts';

const ping = ipv4(1, icmp('0800 0000 0007 0001', ascii('abcdefgh')));
const overUdp = (source: number, destination: number, payload: Uint8Array, length?: number): Uint8Array =>
  ethernet('0800', ipv4(17, udp(source, destination, payload, length)));
const overUdp6 = (source: number, destination: number, payload: Uint8Array): Uint8Array =>
  ethernet('86dd', ipv6(17, udp(source, destination, payload)));
const overIp = (protocol: number, payload: Uint8Array): Uint8Array => ethernet('0800', ipv4(protocol, payload));
const overTcp = (source: number, destination: number, payload: Uint8Array): Uint8Array =>
  ethernet('0800', ipv4(6, tcp(source, destination, { payload })));

/** Another version of the same message: the checksum at `at` filled in. */
function summed(message: Uint8Array, at: number): Uint8Array {
  message.set(u16(sum(message)), at);
  return message;
}

const TUNNELS: Readonly<Record<string, Uint8Array>> = {
  'GRE of PPTP with IPv4': overIp(47, join(hex('3081 880b 0028 0001 00000005 00000004 ff03 0021'), ping)),
  'GRE of PPTP, compressed PPP with IPv6': overIp(
    47,
    join(hex('3001 880b 0039 0001 00000006 57'), ipv6(17, udp(1000, 2000, ascii('x')))),
  ),
  'GRE of PPTP, an acknowledgment alone': overIp(47, hex('2081 880b 0000 0001 00000004')),
  'GRE of PPTP with PPP’s own messages': overIp(47, hex('3001 880b 000c 0001 00000000 ff03 c021 0100 0008 0304 c023')),
  'GRE keepalive': overIp(47, hex('2000 0000 00000028')),
  'GRE with a source route': overIp(47, join(hex('4000 0800 0000 0000  0800 0408 ac110001 ac110009 0000 0000'), ping)),
  'ERSPAN, type I': overIp(47, join(hex('0000 88be'), ethernet('0800', ping))),
  'ERSPAN, type II': overIp(47, join(hex('1000 88be 00000001 1005 ec64 abc12345'), ethernet('0800', ping))),
  'ERSPAN, type III': overIp(47, join(hex('1000 22eb 00000001 2005 e464 00000007 abcd 83b8'), ethernet('0800', ping))),
  'ERSPAN, type III, of an IP packet': overIp(47, join(hex('1000 22eb 00000001 2005 e464 00000007 abcd 08b8'), ping)),
  'ERSPAN, type III, with something of the switch’s own': overIp(
    47,
    join(hex('1000 22eb 00000001 2005 e464 00000007 abcd 83b1 0400000100000002'), ethernet('0800', ping)),
  ),
  'GRE of a version that nobody made': overIp(47, join(hex('0002 0800'), ping)),
  'Geneve with an option of a cloud': overUdp(
    50000,
    6081,
    join(hex('03c0 0800 00002a 00  0132 81 02 00002a01 00000000'), ping),
  ),
  'Geneve with every option of a cloud': overUdp(
    50000,
    6081,
    join(
      hex(`0a00 0800 000000 00  0132 01 01 800000d1  0132 02 04 0800000dc0a864020000000000000000
           0132 03 02 0000000000001234`),
      ping,
    ),
  ),
  'provider’s VLAN tag around another': ethernet('88a8', join(hex('20c8 8100 002a 0800'), ping)),
  'provider’s VLAN tag alone': ethernet('88a8', join(hex('00c8 0800'), ping)),
  'VXLAN-GPE with IPv4': overUdp(50000, 4790, join(hex('0c000001 00002a 00'), ping)),
  'VXLAN-GPE with IPv6': overUdp(50000, 4790, join(hex('0c000002 00002a 00'), ipv6(17, udp(1000, 2000, ascii('x'))))),
  'VXLAN-GPE with Ethernet': overUdp(50000, 4790, join(hex('0c000003 00002a 00'), ethernet('0800', ping))),
  'VLAN tag with a length and LLC': ethernet(
    '8100',
    join(
      hex('002a 0026 424203 0000 00 00 00 8000 0242ac110001 00000000 8000 0242ac110001 8001 0000 1400 0200 0f00'),
      hex('0000 0000'),
    ),
  ),
};

const key32 = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const bytes = (count: number): string => key32.repeat(8).slice(0, count * 2);

const ENCRYPTED: Readonly<Record<string, Uint8Array>> = {
  'WireGuard handshake initiation': overUdp(51820, 51820, hex(`01000000 11223344 ${bytes(140)}`)),
  'WireGuard handshake response': overUdp(51820, 51820, hex(`02000000 55667788 11223344 ${bytes(80)}`)),
  'WireGuard cookie': overUdp(51820, 51820, hex(`03000000 11223344 ${bytes(56)}`)),
  'WireGuard data': overUdp(51820, 40000, hex(`04000000 11223344 0700000000000000 ${bytes(48)}`)),
  'WireGuard keepalive': overUdp(51820, 51820, hex(`04000000 11223344 ffffffffffffff7f ${bytes(16)}`)),
  'WireGuard on another port': overUdp(51871, 51871, hex(`01000000 11223344 ${bytes(140)}`)),
  ESP: overIp(50, hex(`00000100 00000007 ${bytes(32)}`)),
  'ESP in UDP': overUdp(4500, 4500, hex(`00000101 00000001 ${bytes(32)}`)),
  'ESP over IPv6': ethernet('86dd', ipv6(50, hex(`00000100 00000007 ${bytes(32)}`))),
};

const ntpBody = '00000010 00000123 c0a80501 e8f4a1b2 80000000 e8f4a1c0 40000000 e8f4a1c0 50000000 e8f4a1c0 60000001';

const KEEPING_GOING: Readonly<Record<string, Uint8Array>> = {
  'IGMP query of version 1': overIp(2, icmp('1100 0000 00000000', hex(''))),
  'IGMP report of version 1': overIp(2, icmp('1200 0000 ef010203', hex(''))),
  'IGMP general query': overIp(2, icmp('1114 0000 00000000', hex(''))),
  'IGMP query of a group': overIp(2, icmp('110a 0000 ef010203', hex(''))),
  'IGMP report': overIp(2, icmp('1600 0000 ef010203', hex(''))),
  'IGMP leave': overIp(2, icmp('1700 0000 ef010203', hex(''))),
  'IGMPv3 query': overIp(2, icmp('1164 0000 00000000', hex('02 7d 0000'))),
  'IGMPv3 query of a group and its sources': overIp(2, icmp('119c 0000 ef010203', hex('0a 8f 0002 0a000001 0a000002'))),
  'IGMPv3 report': overIp(
    2,
    icmp(
      '2200 0000 0000 0003',
      hex('04 00 0000 e00000fb  01 00 0002 ef010203 0a000001 0a000002  06 01 0000 ef010204 01020304'),
    ),
  ),
  'IGMPv3 report of every kind of record': overIp(
    2,
    icmp(
      '2200 0000 0000 000a',
      hex(`01 00 0000 ef010201  02 00 0000 ef010202  05 00 0000 ef010203  06 00 0000 ef010204
           02 00 0001 ef010205 0a000001  03 00 0001 ef010206 0a000001  04 00 0001 ef010207 0a000001
           05 00 0001 ef010208 0a000001  06 00 0001 ef010209 0a000001  09 00 0000 ef01020a`),
    ),
  ),
  'IGMPv3 report with two sources each': overIp(
    2,
    icmp(
      '2200 0000 0000 0004',
      hex(`01 00 0002 ef010205 0a000001 0a000002  02 00 0002 ef010207 0a000001 0a000002
           05 00 0002 ef010208 0a000001 0a000002  06 00 0002 ef010209 0a000001 0a000002`),
    ),
  ),
  'IGMPv3 leave': overIp(2, icmp('2200 0000 0000 0001', hex('03 00 0000 ef010203'))),
  'IGMP of another kind': overIp(2, icmp('7f00 0000 ef010203', hex('01020304'))),
  'VRRP version 2': overIp(112, summed(hex('2101 6401 0001 0000 0a000001 0000000000000000'), 6)),
  'VRRP version 2 with a password': overIp(
    112,
    summed(hex('2107 ff02 0101 0000 0a000001 0a000002 7365637265740000'), 6),
  ),
  'VRRP version 3': overIp(112, hex('3107 6401 0064 abcd 0a000001')),
  'VRRP version 3 over IPv6, giving up': ethernet(
    '86dd',
    ipv6(112, hex('3107 0001 0064 abcd fe800000000000000000000000000001')),
  ),
  'BFD, a session that is up': overUdp(49152, 3784, hex('20c8 0318 00000001 00000002 0000c350 0000c350 00000000')),
  'BFD, a session that is down': overUdp(49152, 3784, hex('2340 0318 00000001 00000000 000f4240 000f4240 0000c350')),
  'BFD over several hops, with a password': overUdp(
    49152,
    4784,
    hex('20e4 0321 00000001 00000002 0000c350 0000c350 00000000 01 09 02 736563726574'),
  ),
  'BFD on a link of a bundle': overUdp(49152, 6784, hex('20c8 0318 00000001 00000002 0000c350 0000c350 00000000')),
  'BFD with a digest': overUdp(
    49152,
    3784,
    hex(`20c4 0334 00000001 00000002 0000c350 0000c350 00000000 04 1c 01 00 00000007 ${bytes(20)}`),
  ),
  'NTP client': overUdp(123, 123, hex(`23 00 06 ec ${'00'.repeat(36)} e8f4a1c0 60000001`)),
  'NTP server': overUdp(123, 50123, hex(`24 02 06 ec ${ntpBody}`)),
  'NTP server that sends away': overUdp(123, 50123, hex(`e4 00 06 ec 00000010 00000123 52415445 ${'00'.repeat(32)}`)),
  'NTP server with a clock of its own': overUdp(
    123,
    50123,
    hex(`1c 01 03 fa 00000000 00000010 47505300 ${ntpBody.slice(27)}`),
  ),
  'NTP peers with a key': overUdp(123, 123, hex(`21 03 0a e9 ${ntpBody} 0000002a 00112233445566778899aabbccddeeff`)),
  'NTP broadcast': overUdp(123, 123, hex(`25 02 06 ec ${ntpBody}`)),
  'NTP with an extension': overUdp(123, 123, hex(`23 00 06 ec ${ntpBody} 0104 0020 ${bytes(28)}`)),
  'NTP with an extension and a key': overUdp(
    123,
    123,
    hex(`23 00 06 ec ${ntpBody} 0104 0020 ${bytes(28)} 0000002a ${bytes(16)}`),
  ),
  'NTP of ntpd itself': overUdp(50123, 123, hex('17 00 03 2a 0000 0000')),
  'NTP control': overUdp(50123, 123, hex('16 02 0001 0000 0000 0000 0000')),
  'DHCPv6 solicit': overUdp6(
    546,
    547,
    hex(`01 000001  0001 000e 0001 0001 2a3b4c5d 0242ac110002  0006 0006 0017 0018 0038  0008 0002 0064
         0003 000c 00000007 00000e10 00001518  000e 0000  0027 0008 00 066e6f64652d31`),
  ),
  'DHCPv6 advertise': overUdp6(
    547,
    546,
    hex(`02 000001  0002 000a 0003 0001 0242ac110001  0001 000a 0003 0001 0242ac110002  0007 0001 ff
         0003 0028 00000007 00000e10 00001518 0005 0018 fd000017000000000000000000000005 00000e10 00001c20
         0017 0020 fd000017000000000000000000000053 fd000017000000000000000000000054
         0018 000f 07 636c7573746572 05 6c6f63616c 00`),
  ),
  'DHCPv6 reply without an address': overUdp6(
    547,
    546,
    hex(`07 000002  0002 0009 0002 0000ab11 010203  0003 0019 00000007 00000000 00000000 000d 0009 0002 6e6f206d6f7265
         0019 0029 00000009 00000e10 00001518 001a 0019 00000e10 00001c20 38 fd0000170000aa000000000000000000`),
  ),
  'DHCPv6 reply with a temporary address and a name': overUdp6(
    547,
    546,
    hex(
      `07 000005  0004 0020 00000008 0005 0018 fd000017000000000000000000000006 00000e10 00001c20
         0027 0014 05 066e6f64652d31 07636c7573746572 00 00 0000`
        .replace('00 00 0000', '03 6f7267 00')
        .replace('0014', '0015'),
    ),
  ),
  'DHCPv6 relay': overUdp6(
    547,
    547,
    hex(`0c 01 fd000017000000000000000000000001 fe800000000000000000000000000002
         0012 0004 65746830  0009 001c 03 000003 0001 000a 0003 0001 0242ac110002 0008 0002 0000 4e20 0000`),
  ),
  'DHCPv6 information request': overUdp6(546, 547, hex('0b 000004  0001 0012 0004 00112233445566778899aabbccddeeff')),
};

/** "SERVER", of a file server, as NetBIOS writes names: padded with blanks, two letters a byte. */
const netbios = '20 4644454646434647454646434341434143414341434143414341434143414341 00';
const NAMES: Readonly<Record<string, Uint8Array>> = {
  'NBNS query': overUdp(137, 137, hex(`1234 0110 0001 0000 0000 0000 ${netbios} 0020 0001`)),
  'NBNS registration of a browser': overUdp(
    137,
    137,
    hex(
      '1235 2910 0001 0000 0000 0000 20 4142414346504650454e4644454346434550465046444546465046504143414200 0020 0001',
    ),
  ),
  'NBNS answer': overUdp(
    137,
    137,
    hex(`1234 8500 0000 0001 0000 0000 ${netbios} 0020 0001 000493e0 0006 0000 ac110002`),
  ),
  'NBNS registration': overUdp(
    137,
    137,
    hex(`1235 2910 0001 0000 0000 0001 ${netbios} 0020 0001 c00c 0020 0001 000493e0 0006 6000 ac110002`),
  ),
  'NBNS refusal': overUdp(
    137,
    137,
    hex(`1235 ad86 0000 0001 0000 0000 ${netbios} 0020 0001 00000000 0006 0000 ac110002`),
  ),
  'LLMNR query': overUdp(50355, 5355, hex('1234 0000 0001 0000 0000 0000 066e6f64652d31 00 0001 0001')),
  'LLMNR answer': overUdp(
    5355,
    50355,
    hex('1234 8000 0001 0001 0000 0000 066e6f64652d31 00 0001 0001 c00c 0001 0001 0000001e 0004 ac110002'),
  ),
  'LLMNR answer of one of several': overUdp(
    5355,
    50355,
    hex('1234 8500 0001 0000 0000 0000 066e6f64652d31 00 0001 0001'),
  ),
  'DNS query that asks whether the answer is verified': overUdp(
    1024,
    53,
    hex('1234 0120 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001'),
  ),
  'DNS, two queries in one segment': overTcp(
    1024,
    53,
    hex(`001d 0001 0100 0001 0000 0000 0000 076578616d706c65 03636f6d 00 0001 0001
         001d 0002 0100 0001 0000 0000 0000 076578616d706c65 03636f6d 00 001c 0001`),
  ),
  'SSDP search': overUdp(
    50000,
    1900,
    ascii('M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\nST: ssdp:all\r\n\r\n'),
  ),
  'SSDP notification': overUdp(
    1900,
    1900,
    ascii(
      'NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nServer: Linux UPnP/1.1\r\n\r\n',
    ),
  ),
  'SSDP answer': overUdp(1900, 50000, ascii('HTTP/1.1 200 OK\r\nST: ssdp:all\r\nServer: Linux UPnP/1.1\r\n\r\n')),
};

/** The start of SCTP's packets: ports and a verification tag. The checksum is nobody's. */
const sctp = (chunks: string): Uint8Array => overIp(132, hex(`9c40 9c41 0000002a 00000000 ${chunks}`));

const SCTP: Readonly<Record<string, Uint8Array>> = {
  'SCTP without chunks': sctp(''),
  'SCTP init': sctp('01 00 0020 00000001 0000ffff 000a 0800 00000064 0005 0008 ac110002 8000 0004'),
  'SCTP init with an IPv6 address': sctp(
    '01 00 0028 00000001 0000ffff 000a 0800 00000064 0006 0014 fd000017000000000000000000000002',
  ),
  'SCTP init acknowledgment': sctp('02 00 0020 00000002 0000ffff 000a 0800 000000c8 0007 000c 0102030405060708'),
  'SCTP cookie': sctp('0a 00 000c 0102030405060708'),
  'SCTP cookie acknowledgment and data': sctp('0b 00 0004  00 03 0015 00000064 0001 0002 00000033 68656c6c6f 000000'),
  'SCTP acknowledgment': sctp('03 00 0018 00000064 0000ffff 0001 0001 0002 0003 00000065'),
  'SCTP heartbeat': sctp('04 00 000c 0001 0008 01020304'),
  'SCTP heartbeat acknowledgment': sctp('05 00 000c 0001 0008 01020304'),
  'SCTP abort': sctp('06 01 0008 000c 0004'),
  'SCTP shutdown': sctp('07 00 0008 00000064'),
  'SCTP shutdown acknowledgment': sctp('08 00 0004'),
  'SCTP shutdown complete': sctp('0e 00 0004'),
  'SCTP error': sctp('09 00 0008 000c 0004'),
  'SCTP of a kind that nobody knows': sctp('7f 00 0008 01020304'),
};

/** IPv6 that says another length. */
function longer(packet: Uint8Array, length: number): Uint8Array {
  packet.set(u16(length), 4);
  return packet;
}

const LENGTHS: Readonly<Record<string, Uint8Array>> = {
  'UDP length of more than the packet': overUdp(1, 2, ascii('abc'), 0xffff),
  'UDP length of more than the packet, around DNS': overUdp(
    1024,
    53,
    hex('1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001'),
    100,
  ),
  'UDP length of less than its packet': overUdp(1, 2, ascii('abcdef'), 11),
  'IP total length of 0, a segment that was not cut up yet': ethernet(
    '0800',
    ipv4(6, tcp(40000, 40001, { payload: ascii('hello, whoever reads this') }), { length: 0 }),
  ),
  'IP total length of more than the packet, a segment': ethernet(
    '0800',
    ipv4(6, tcp(40000, 40001, { payload: ascii('abcdefgh') }), { length: 200 }),
  ),
  'IPv6 length of more than the packet': ethernet(
    '86dd',
    longer(ipv6(6, tcp(40000, 40001, { payload: ascii('abc') })), 200),
  ),
  'UDP jumbogram': ethernet('86dd', ipv6(17, udp(1, 2, ascii('abc'), 0))),
  'IP total length of more than the packet': ethernet('0800', ipv4(17, udp(1, 2, ascii('abc')), { length: 100 })),
  'first fragment of a DNS answer over IPv6': ethernet(
    '86dd',
    ipv6(
      44,
      join(
        hex('11 00 0001 0badcafe'),
        udp(
          53,
          1024,
          hex('1234 8180 0001 0002 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001 c00c 0001'),
          600,
        ),
      ),
    ),
  ),
  'first fragment of a DNS answer': ethernet(
    '0800',
    ipv4(
      17,
      udp(
        53,
        1024,
        hex('1234 8180 0001 0002 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001 c00c 0001 0001 00000078'),
        600,
      ),
      { flags: '2000' },
    ),
  ),
};

const u32 = (value: number): Uint8Array => join(u16(value >>> 16), u16(value & 0xffff));
const text = (value: string): Uint8Array => join(u32(value.length), ascii(value));
/** A packet of SSH before there are keys: padded to a multiple of eight. */
function ssh(code: number, body: Uint8Array): Uint8Array {
  const padding = 8 - ((6 + body.length) % 8) + (8 - ((6 + body.length) % 8) < 4 ? 8 : 0);
  return join(u32(2 + body.length + padding), Uint8Array.of(padding, code), body, new Uint8Array(padding));
}
const offer = (...algorithms: readonly string[]): Uint8Array =>
  ssh(20, join(hex(bytes(16)), ...algorithms.map(text), Uint8Array.of(0), u32(0)));
const MODERN = offer(
  ...[
    'curve25519-sha256,ecdh-sha2-nistp256',
    'ssh-ed25519',
    'aes128-ctr',
    'aes128-ctr',
    'hmac-sha2-256',
    'hmac-sha2-256',
  ],
  ...['none', 'none', '', ''],
);
const OLD = offer(
  ...['diffie-hellman-group14-sha256', 'ssh-rsa', 'aes128-ctr', 'aes128-ctr', 'hmac-sha2-256', 'hmac-sha2-256'],
  ...['none', 'none', '', ''],
);
const sized = (part: Uint8Array): Uint8Array => join(u32(part.length), part);
const GROUPS = offer(
  ...['diffie-hellman-group-exchange-sha256', 'ssh-rsa', 'aes128-ctr', 'aes128-ctr', 'hmac-sha2-256', 'hmac-sha2-256'],
  ...['none', 'none', '', ''],
);
const rsaKey = join(text('ssh-rsa'), sized(hex('010001')), text('\x00'.padEnd(257, 'n')));
const rsaSignature = join(text('rsa-sha2-256'), text('s'.repeat(256)));
const number = text('\x00'.padEnd(257, 'f'));
const hostKey = join(text('ssh-ed25519'), text('k'.repeat(32)));
const signature = join(text('ssh-ed25519'), text('s'.repeat(64)));
const [client, server] = [40022, 22];
/** The other way round: addresses swapped, which no checksum minds. */
function answer(frame: Uint8Array): Uint8Array {
  const swapped = frame.slice();
  swapped.set(frame.subarray(30, 34), 26);
  swapped.set(frame.subarray(26, 30), 30);
  return swapped;
}

/** Two connections, each in order: tshark knows from the offers which exchange it is. */
const SSH: Readonly<Record<string, Uint8Array>> = {
  'SSH client’s banner': overTcp(client, server, ascii('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n')),
  'SSH server’s banner': answer(overTcp(server, client, ascii('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'))),
  'SSH client’s offer': overTcp(client, server, MODERN),
  'SSH server’s offer': answer(overTcp(server, client, MODERN)),
  'SSH client’s key': overTcp(client, server, ssh(30, text('q'.repeat(32)))),
  'SSH server’s key': answer(
    overTcp(
      server,
      client,
      join(ssh(31, join(sized(hostKey), text('Q'.repeat(32)), sized(signature))), ssh(21, hex(''))),
    ),
  ),
  'SSH client’s new keys': overTcp(client, server, ssh(21, hex(''))),
  'SSH, encrypted': overTcp(client + 2, server, hex(`c0ffee99 ${bytes(40)}`)),
  'SSH banner and offer in one': overTcp(client + 1, server, join(ascii('SSH-2.0-Go\r\n'), OLD)),
  'SSH server’s old offer': answer(overTcp(server, client + 1, OLD)),
  'SSH client’s old key': overTcp(client + 1, server, ssh(30, text('\x00'.padEnd(257, 'e')))),
  'SSH server’s old key': answer(
    overTcp(server, client + 1, ssh(31, join(sized(rsaKey), number, sized(rsaSignature)))),
  ),
  'SSH client’s offer of groups': overTcp(client + 3, server, join(ascii('SSH-2.0-Go\r\n'), GROUPS)),
  'SSH server’s offer of groups': answer(overTcp(server, client + 3, GROUPS)),
  'SSH request for a group': overTcp(client + 3, server, ssh(34, hex('00000800 00000c00 00002000'))),
  'SSH group': answer(overTcp(server, client + 3, ssh(31, join(number, sized(hex('02')))))),
  'SSH key of that group': overTcp(client + 3, server, ssh(32, number)),
  'SSH server’s key of that group': answer(
    overTcp(server, client + 3, ssh(33, join(sized(rsaKey), number, sized(rsaSignature)))),
  ),
};

/** Ethernet frames as others carry them. */
export const SERVICE_FRAMES: Readonly<Record<string, Uint8Array>> = {
  ...TUNNELS,
  ...ENCRYPTED,
  ...KEEPING_GOING,
  ...NAMES,
  ...SCTP,
  ...SSH,
  ...LENGTHS,
};
