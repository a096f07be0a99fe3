// Display filters that tshark is asked as well (filter.test.ts), one a line. Left out on purpose: what looks at other packets (whether
// http or data follow a segment depends on earlier ones), a TCP header of eight bytes quoted in an error (tshark leaves its
// sequence number out) and a redirect's quoted packet, whose data tshark does not look into.

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

export const ANSWERED: readonly string[] = lines(String.raw`
ip
ip.addr#2 == 10.244.1.2
ip.src#[1-2] == 10.0.0.0/8
ip.src#3
ip.src#0 == 1.1.1.1
ip.src#[-1] == 1.1.1.1
ip.src#[1] == 192.168.5.1
ip.ttl == 64
ip.ttl == -1
ip.ttl == 0x40
ip.ttl == 0100
ip.ttl == 0b1000000
ip.ttl == '@'
ip.ttl == ip.version
ip.src == ip.dst
ip.src == 10.0.0.0/8
ip.src != 10.0.0.0/8
ip.src !== 10.0.0.0/8
ip.src === 10.0.0.0/8
ip.src > 10.0.0.0/8
ip.src <= 10.0.0.0/8
ip.src ~= 10.0.0.0/8
eth.src == 02:42:ac:11:00:02
eth.src == 02-42-ac-11-00-02
eth.src == 0242.ac11.0002
eth.src[0:3] == 02:42:ac
eth.src[0:3] == 02.42.ac
eth.src[0:3] == 0242ac
eth.src[0] == 2
eth.src[0] == 02
eth.src[0] == 0x02
eth.src[0:2] == 0x02
eth.src[0:3] == "abc"
eth.src[1-2] == 42:ac
eth.src[:4] == 02:42:ac:11
eth.src[4:] == 00:02
eth.src[-1] == 02
eth.src[4] == 00
eth.src[0,2,4-5] == 02:ac:00:02
eth.src[10] == 00
ip.src[0] == 0a
ip.src[0:2] == 0a:f4
tcp[0:2] == 00:50
ip[0] == 45
frame[0:2] == 02:42
http contains "GET"
http contains 47:45:54
http contains 47
tcp contains "GET"
tcp matches "get"
tcp.payload matches "get"
http.request.method matches "^g.t$"
http.request.method matches "(?-i)get"
http.request.method ~ "GET"
http.request.method == "GET"
http.request.method == GET
http.request.method == "\x47ET"
http.request.method == "\107ET"
http.request.method == r"GET"
http.request.method in {"GET", "POST"}
http.request.method contains "E"
http.request.method[0] == "G"
http.request.method[0] == 47
http.request.method[0:1] matches "g"
tcp.port in {80, 443, 8000..9000}
tcp.port not in {80}
ip.src in {10.0.0.0/8, 192.168.5.1}
ip.src in {10.0.0.1..10.255.0.0}
http.request.method in {"A".."H"}
string(ip.ttl) matches "4"
string(ip.src) contains "10.2"
len(ip.ttl) == 1
len(http.request.method) == 3
len(ip) == 20
len(tcp) == 32
len(tcp) == 40
len(tcp) > 40
len(eth) == 14
len(frame) == frame.len
len(eth.src) == 6
len(ip.src) == 4
count(ip.addr) == 4
count(ip) == 2
upper(http.request.method) == "GET"
lower(http.request.method) == "get"
max(udp.srcport, udp.dstport) == 8472
max(tcp.port) == 80
abs(ip.ttl) == 64
any tcp.port > 1024
all tcp.port > 1024
all ip.src == 10.0.0.0/8
any ip.addr != 10.244.1.2
tcp.flags & 2
tcp.flags & 2 == 2
tcp.flags.syn
tcp.flags.syn == 1
tcp.flags.syn == True
tcp.flags.syn == TRUE
tcp.flags.syn == "Set"
tcp.flags.syn == 2
!tcp.flags.syn
not not tcp
ip and tcp or udp
ip or tcp and udp
tcp.dstport + 1 == 81
tcp.dstport > tcp.srcport + 10
tcp.dstport == 4 * {10+10}
tcp.dstport+1 == 81
ip.ttl
ip.ttl + 1
(ip.ttl)
((ip))
frame.time_relative < 1
frame.time_relative < 1.5
frame.time_relative == 0
frame.time_relative > -1
frame.number < 5
frame.number in {1..4}
frame.len > 100
frame.interface_name == "eth0"
frame.time_epoch > 1000
frame.time_epoch > 1795405455.0
vxlan.vni == 1
icmp.type == 8
ip.proto == TCP
ip.proto == "TCP"
ip.proto == 6
eth.type == "IPv4"
ip.flags.df == "Set"
ip.addr == ip.src
udp contains 00:01
frame contains "hello"
not tcp.port == 80
not tcp.port == 80 and ip
!ip.addr == 172.17.0.2
! (ip.addr == 172.17.0.2)
tcp.port == 80 or not tcp
tcp.port==80&&ip.ttl==64
eth.type == IPv4
eth.type == ARP
arp.opcode == request
arp.opcode == 1
arp.opcode == "request"
arp.isgratuitous
arp.isgratuitous == 1
vlan.id == 42
vlan
data.data contains 61:62
data.data == 61:62:63:64
data.data == "abcd"
data.data[0] == 61
data.len == 4
data contains "abc"
ip.version == 6
ipv6.addr == fe80::/10
ipv6.src == fd00:0:17::/48
ipv6.addr == ff02::2
ipv6.src == ::1
ipv6.dst[0:2] == ff:02
ipv6.src > fd00::
eth.addr == ff:ff:ff:ff:ff:ff
eth.addr contains 02:42
eth.src matches "x"
eth.src > 02:42:ac:11:00:02
eth.src < 02:42:ac:11:00:03
eth.ig
eth.ig == 1
eth.lg == 1
eth.lg
dns.qry.name contains "example"
dns.qry.name == "www.example.com"
dns.qry.name
dns.resp.name
dns.a
dns.a == 10.0.0.0/8
dns.flags.response == 0
dns.flags.response == False
dns.flags.rcode == 3
http.host
http.response.code == 200
http.response.code >= 200 and http.response.code < 300
http.request
http.request == 1
http.request == True
http.response
http.content_length
http.content_length > 5
http.request.line contains "Host"
http.user_agent matches "curl/[0-9]+"
tcp.options
tcp.options.mss_val
tcp.options.mss_val == 1460
tcp.options.sack_le == 1
tcp.options.timestamp.tsval > 0
tcp.option_kind == 8
tcp.option_kind in {2, 3}
tcp.options.wscale.shift == 7
tcp.flags == 0x002
tcp.flags == 0x012
tcp.flags.str contains "S"
tcp.flags.str
tcp.flags.reset
tcp.len > 0
tcp.len == 0
tcp.checksum.status == 1
tcp.checksum.status == Bad
tcp.checksum.status == "Good"
ip.checksum.status == "Good"
ip.checksum.status == 1
ip.flags == 2
ip.flags == 0x40
ip.flags
ip.frag_offset
ip.frag_offset > 0
ip.opt.type == 148
ip.id == 0x1c46
ip.dsfield.dscp == 0
ip.host == "172.17.0.2"
ip.src_host == "172.17.0.2"
ip.host contains "172"
udp.length > 100
udp.port == 53 || tcp.port == 53
udp.srcport == udp.dstport
tcp.payload
tcp.payload contains "HTTP"
_ws.malformed
_ws.short
null
sll
sll.ifindex == 2
sll.pkttype == 4
sll.src.eth
sll.etype == 0x0800
icmp
icmp.type in {0, 8}
icmp.code == 1
icmp.ident == 7
icmp.seq == 1
gre.flags.version == 1
gre.key.call_id == 1
gre.ack_number == 4
gre.routing.information
ppp
ppp.protocol == 0x0021
ppp.code == 1
vxlan.next_proto == 1
vxlan.vni == 42
vlan.len == 38
wg
wg.type == 4
wg.receiver == 0x44332211
wg.counter > 6
wg.sender
esp
esp.spi == 0x100
esp.sequence == 7
igmp
igmp.version == 3
igmp.type == 0x22
igmp.maddr == 239.1.2.3
igmp.saddr == 10.0.0.0/8
vrrp
vrrp.prio < 200
vrrp.ip_addr == 10.0.0.1
bfd
bfd.sta == 3
bfd.flags.p == 1
ntp
ntp.flags.mode == 3
ntp.stratum == 2
ntp.refid == c0:a8:05:01
ntp.ppoll > 6
dhcpv6
dhcpv6.msgtype == 1
dhcpv6.xid == 1
dhcpv6.iaaddr.ip == fd00:17::/32
dhcpv6.option.type == 6
dhcpv6.dns_server == fd00:17::53
dhcpv6.search_list_entry contains "cluster"
nbns
nbns.name contains "SERVER"
nbns.flags.opcode == 5
nbns.addr == 172.17.0.2
llmnr
llmnr && dns.qry.name == "node-1"
dns.flags.conflict == 1
dns.flags.authenticated == 1
dns.length == 29
dns.id == 1 && dns.id == 2
ssdp
ssdp && http.request.method == "M-SEARCH"
http.notification
sctp
sctp.port == 40000
sctp.chunk_type == 1
sctp.data_sid == 1
ssh
ssh.message_code == 20
ssh.kex_algorithms contains "curve25519"
ssh.protocol matches "OpenSSH"
ssh.direction == 1
ip.len == 48
udp.length > 65000
_ws.unreassembled and udp
_ws.malformed and udp.length > 65000
icmp.unused
icmp.unused == 00:00:00:00
icmp.mtu
icmpv6
icmpv6.type == 135
icmpv6.nd.ns.target_address
ip.src#1 == 172.17.0.2
ip.src#2
ip#2
icmp and ip.src#2
udp#1
ipv6.hopopts
ipv6.fraghdr
ipv6.dstopts
ipv6.nxt == 58
mdns
dns
eth.src == eth.dst
ip.src in {172.17.0.2, 172.17.0.3}
ip.src in {172.17.0.0/16}
ip.ttl in {1..63}
ip.ttl in {64..1}
ip.ttl in {0x40}
ip.ttl in {1, 2..3, ip.version}
tcp.port in {80..90, 443}
eth.src in {02:42:ac:11:00:02}
not ip.ttl in {64}
ip.ttl not in {64}
ip.ttl & 0x0f
ip.ttl & 0x0f == 0
ip.ttl & 0x40 == 64
ip.ttl & 64 and ip
eth.src[0] & 2
eth.src[0] & 02 == 02
eth.src[0] & 0f == 2
ip.ttl * 2 == 128
ip.ttl / 0 == 1
ip.ttl % 10 == 4
ip.ttl - 64
ip.ttl - 63
ip.ttl + ip.version == 68
ip.len > ip.ttl + 20
len(tcp.payload) > 10
len(data) == 4
len(icmp) > 0
len(icmp) == 8
len(icmp) == 64
len(udp) == 8
len(vxlan) == 8
len(arp) == 28
len(dns) > 12
len(ipv6) == 40
len(ipv6.hopopts) > 0
len(vlan) == 4
len(sll) == 20
len(frame) > 60
len(eth) > 14
count(eth.addr) > 2
count(tcp.option_kind) > 4
count(ip) == 1
upper(dns.qry.name) contains "EXAMPLE"
lower(http.host) == "one"
max(ip.ttl) == 64
min(tcp.srcport, tcp.dstport) == 80
string(ip.dst) matches r"\.3$"
string(eth.src) contains "ac"
string(ip.proto) == "6"
string(ip.flags) == "0x02"
string(frame.number) matches "[13579]$"
string(frame.len) == "98"
frame.len == 98
frame.cap_len == 98
frame.interface_name contains "any"
frame.interface_name == "corner"
frame.number == 5
frame.time_relative >= 0
frame[12:2] == 08:00
frame[12:2] == 0800
frame[-2:2] == 00:00
frame[-4:] contains 00
frame[0:6] == eth.dst
frame[5000] == 00
frame[0-5] == "abcdef"
frame[0-5,6-11] == 00
frame[12] > 0
frame[12] > 8
frame[12] == 8
frame[12] == 08
frame[12] == 0x08
frame[12] == 255
frame[12] == ff
frame[0-1] == 02:42
frame[0-1] == 02-42
frame[0-1] == "\x02B"
frame
eth[12:2] == 08:00
ip[9] == 06
ip[9:1] == 6
ip[0:100] == 45
ip[18:4] == 00:03
ip == 45:00
ip > 45:00
ip contains 45
tcp == ""
http == ""
http.host == ""
http.host > "a"
http.host in {"one", "two"}
http.host matches ""
dns.qry.name matches "^www\\."
dns.qry.name matches r"^www\."
dns.qry.name matches "(a+)+$"
dns.qry.name matches "(?i)WWW"
dns.qry.name matches "[[:alpha:]]+"
dns.qry.name matches "w{3}"
frame matches "hello"
frame matches "\x02B"
eth.src[0:3] matches "B"
ip.src == 172.17.0.2/16
ipv6.src == fd00:17::2
vxlan
vxlan.flag_i
vxlan.flag_i == 1
vxlan.vni == 42
eth.len
eth.type < 0x0600
ip.len == 0xffff
ip[-4--2] == 00:00:00
frame[0:5000] contains 02
frame[0,5000] == 02
frame[5000,0] == 02
frame[0x0c:2] == 08:00
frame[ 12 : 2 ] == 08:00
len(ip.id) == 2
len(vxlan.vni) == 3
len(vxlan.vni) == 4
len(frame.len) == 4
count(ip) == 0
max(tcp.srcport, udp.srcport) > 0
upper(http.host)[0] == "O"
http.host contains one
http.host == one
http.host in {one}
frame contains :ff
frame contains 0xff
frame contains 8
frame contains 255
frame contains "\xff"
frame[0-1] == 242
frame[0-2] == 24200
frame contains 0242
ip.ttl == +64
ip.ttl == - 1
ip.ttl > -1
ip.ttl == {64}
ip.ttl == 64 and (tcp or udp)
ip.ttl eq 64
ip.ttl ne 64
ip.ttl gt 63
ip.ttl ge 64
ip.ttl lt 65
ip.ttl le 64
ip.ttl any_eq 64
ip.ttl all_eq 64
ip.ttl all_ne 64
ip.ttl any_ne 64
ip.ttl==64
ip.ttl>63
tcp.port==80||udp
any ip.ttl in {64}
all ip.ttl in {64}
all tcp.port in {80, 443}
any http.host contains "o"
all ip.addr == 172.17.0.0/16
all ip.addr != 172.17.0.2
any tcp.port == 80 and udp
not any tcp.port == 80
ip.src == ip.addr
ip.src != ip.addr
ip.src !== ip.addr
ip.src === ip.addr
tcp.srcport < tcp.dstport
tcp.srcport == ip.ttl
tcp.srcport == tcp.flags.syn
tcp.flags.syn == tcp.flags.ack
tcp.flags.syn > 0
tcp.flags.syn < 1
tcp.flags.syn != 1
tcp.flags.syn in {1}
tcp.flags.syn == 0x1
tcp.flags.syn == Set
ip.flags.df == "set"
tcp == tcp
ip == ip
ip == "E"
ip[0] == "E"
icmp.unused == "\0\0\0\0"
icmp.unused contains 00
dns.a == 10.0.0.9
dns.a[0] == 0a
dns.qry.name[0:3] == "www"
dns.qry.name[0:3] == 77:77:77
dns.qry.name == 77:77
dns.qry.name contains 77:77:77
dns.qry.name > "m"
dns.qry.name in {"a".."m"}
dns.qry.name == dns.resp.name
dns.qry.name contains dns.resp.name
tcp.payload == "x"
tcp.payload contains tcp.payload
tcp.payload[0:3] == "GET"
tcp.payload in {"GET"}
tcp.payload == 47:45:54
http.request.method == 'G'
frame[0] == 'a'
frame[0] == '\x02'
ip.ttl == '\x40'
http.host == "\"one\""
http.host == "on\145"
http.host == R"one"
ip.src#[1,2] == 172.17.0.2
ip.src#[2-3]
ip.src#[1:1]
ip.src#[:1]
ip.src#[2:]
ip.src #2
tcp.port#1 == 80
frame.number#1
eth.src#2[0:3] == e6:7d:fc
ip#2[0] == 45
ip.addr#2[0] == 0a
ip.src == 172.17.0.0/0
ip.src == 172.17.0.0/32
ip.src in {172.17.0.0/24, 10.0.0.1 .. 10.0.0.2}
ip.src in {172.17.0.2..172.17.0.3, 10.0.0.0/8}
ipv6.src == fe80::/0
ipv6.src in {fe80::..fe80::ffff:ffff:ffff:ffff}
ipv6.src == ::ffff:1.2.3.4
ipv6.src == FE80::84A2:FFF:FE7A:8C1
eth.src == 02:42:AC:11:00:02
eth.src == 02.42.ac.11.00.02
eth.src == 0242ac110002
eth.src in {02:42:ac:11:00:02, 02:42:ac:11:00:03}
eth.src[0:3] == 02:42:ac:11
eth.type == 2048
eth.type == 0x800
eth.type == 0X800
ip.ttl == 0B1000000
tcp.window_size_value > 60000
arp.src.proto_ipv4 == 172.17.0.2
arp.src.hw_mac == 02:42:ac:11:00:02
arp.proto.type == IPv4
_ws.malformed and dns
frame.time_relative in {0..1}
frame.time_relative in {0.5 .. 1.5}
frame.time_epoch < 1795405456
frame.time_epoch == 1795405455.000096
frame.time_epoch < 1795405455.5
frame.number in {1, 3, 5..7}
frame.number < 10 and not frame.number == 5
frame.interface_name matches "^any"
frame.interface_name in {"corner", "broken"}
tcp.flags & 0x12 == 0x12
tcp.flags & 1 or udp
tcp.flags bitwise_and 2
ip.ttl +1 == 65
ip.ttl + 1 > ip.version * 16
ip.len - ip.hdr_len > 1000
-ip.ttl == -64
ip.ttl == ip.ttl + 0
{ip.ttl + 1} * 2 == 130
{ip.ttl}
frame.time_relative + 1 > 2
tcp.port + 1 == 81
max(tcp.port) + 1 == 81
len(http.host) + 1 == 4
eth.src & ff:ff:ff:00:00:00 == 02:42:ac:00:00:00
not not not tcp
!!tcp
! !tcp
!tcp == 1
frame.time
frame.time > "2026-11-23 00:00:00"
frame.time >= "Nov 23, 2026 03:44:16"
frame.time < "2026-11-23 03:44:20.5"
frame.time == "2026-11-23T03:44:15.000096Z"
frame.time in {"2026-11-23 03:44:10" .. "2026-11-23 03:44:42 UTC"}
frame.time_delta > 0.5
frame.time_delta == 1
frame.time_delta < 0
frame.protocols contains "vxlan"
frame.protocols == "eth:ethertype:ip:tcp"
frame.protocols matches "icmp:data$"
`);

/** What tshark refuses, and so must we. */
export const REFUSED: readonly string[] = lines(String.raw`
ip.src#-1 == 1.1.1.1
ip.ttl == 300
ip.ttl == "64"
ip.ttl == 099
ip.ttl == 64.0
ip.ttl == abc
ip.src == ip.ttl
ip.src == "10.244.1.2"
ip.src == 10.244.1
ip.src == 10.244.1.2.3
ip.src == 10.0.0.0/33
eth.src == 02:42
eth.src == "02:42:ac:11:00:02"
eth.src[4-2] == 00
eth.src[0:0] == 00
eth.src[] == 00
eth.src[a] == 00
ip.ttl[0] == 40
http contains GET
http.request.method matches "["
http.request.method matches get
tcp.port in {80 443}
tcp.port in {80..}
tcp.port in {}
ip.ttl contains 4
ip.src contains 0a
ip.ttl matches "4"
string(http.host) == "a"
lower(ip.ttl) == "64"
min(1, 2) == 1
foo(ip.ttl) == 64
any ip
all ip.src
tcp.flags.syn == "True"
a == b
1 == 1
"a" == "a"
ip.ttl < 65 < 66
ip.ttl == 64 == 64
60 < ip.ttl <= 64
64 == ip.ttl
tcp.dstport-1 == 79
-1 < ip.ttl
(ip
ip)
ip ip
ip &&
&& ip
ip == 
==
!
()
tcp.port == 80 ||| udp
ip.src == localhost
frame.time_relative < "1.5"
vxlan.vni == 0x1000000
10.0.0.1 == ip.src
"abc" contains http
udp contains eth.src
eth.addr contains "B"
dns.qry.type == A
dns.qry.type == "A"
dns.qry.type == AAAA
dns.qry.type == "Unknown"
string(ip.dst) matches "\.3$"
string(tcp.flags.syn) == "True"
string(ip.id)
frame[12] == 0x8
frame[12] == 0x0800
frame[0] in {02, ff}
frame[0] in {00..08}
dns.qry.name matches "^www\."
dns.qry.name matches "(?<x>w)\k<x>"
dns.qry.name matches "\d"
dns.qry.name matches "\Aw"
ip.src == 0xac110002
ip.src == 172.17.2
ip.src == 172.17.0.2 / 16
ip.src == 172.17.0.002
ip.src == "172.17.0.2"
ipv6.src == "::1"
ipv6.src == 10.0.0.1
ip.src == ::1
ip.len == 65536
ip.len == 1e2
ip[4-4] == 00
ip.src AND tcp
ip AND tcp
len("abc") == 3
max(tcp.srcport, ip.src) > 0
max() > 0
count(ip.src, ip.dst) == 1
len(ip.src[0:2]) == 2
len(ip) in {20}
upper("abc") == "ABC"
upper(lower(http.host)) == "ONE"
http.host matches one
frame contains ff:
frame[0-2] == 024:2
frame contains 02:42-ac
frame contains 02:4
frame contains 2:42
eth.src == 2:42:ac:11:0:2
1
"abc"
64 and ip
ip.ttl == (64)
(ip.ttl) == 64
ip.ttl = 64
ip.ttl => 64
ip.ttl <> 64
any not tcp
any (tcp.port == 80)
tcp.flags.syn & 1
tcp.flags.syn == "1"
tcp.flags.syn == yes
dns.qry.name[0:3] == www
tcp.payload[0:3] in {"GET"}
ip.ttl == '@@'
ip.ttl == '\@'
http.host == "a
http.host == "\u006fne"
http.host == r"one\"
http.host == 'one'
ip.src#
ip.src# 2
ip.src#a
eth.src[0:3]#2 == 02:42:ac
@ip.ttl == 40
ip.src == $ip
ip.srcc
ip.ttl.x == 1
tcp.flags.
_ws
ip.src == 172.17.0.0/
ip.src == 172.17.0.0/a
ipv6.src == fe80::/129
ipv6.src == fe80:::1
ipv6.src == fe80::1::2
eth.src == 02:42:ac:11:00:02:03
eth.type == 0800
eth.type == 0x0800u
ip.ttl == 0b12
ip.ttl == 08
ip.ttl == 0o100
ip.ttl == 99999999999999999999
ip.ttl == 256
ip.ttl < 256
ip.ttl < 1000
ip.ttl == -300
tcp.seq_raw == 4294967296
frame.time_relative < 1e-1
tcp.flags & tcp.flags.syn
tcp.flags bitand 2
4 * ip.version == 16
ip.ttl + 1.5 == 65.5
frame.time_relative * 2 > 1
ip.src + 1 == 1
http.host + "a" == "b"
ip.ttl & ff
not
tcp and
and tcp
tcp or or udp
(tcp or udp) and (ip.ttl == 64
tcp, udp
tcp;udp
tcp ? udp
ip.src == 172.17.0.2 # comment
"
'
\
@
frame.time == 5
frame.time == "yesterday"
frame.time contains "Nov"
string(frame.time) contains "Nov"
frame.time - 1 > 0
abs(frame.time) > 0
`);
