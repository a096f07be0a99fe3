// Every kind of layer that dissect() can produce, told apart by `protocol`.
import type { AhLayer } from './ah.ts';
import type { ArpLayer } from './arp.ts';
import type { BfdLayer } from './bfd.ts';
import type { BgpLayer } from './bgp.ts';
import type { DataLayer } from './data.ts';
import type { DhcpLayer } from './dhcp.ts';
import type { Dhcpv6Layer } from './dhcpv6.ts';
import type { DnsLayer } from './dns.ts';
import type { ErspanLayer } from './erspan.ts';
import type { EspLayer } from './esp.ts';
import type { EthernetLayer } from './ethernet.ts';
import type { GeneveLayer } from './geneve.ts';
import type { GreLayer } from './gre.ts';
import type { GrpcLayer } from './grpc.ts';
import type { HttpLayer } from './http.ts';
import type { Http2Layer } from './http2.ts';
import type { IcmpLayer } from './icmp.ts';
import type { Icmpv6Layer } from './icmpv6.ts';
import type { IgmpLayer } from './igmp.ts';
import type { Ipv4Layer } from './ipv4.ts';
import type { Ipv6Layer } from './ipv6.ts';
import type { Ipv6ExtensionLayer } from './ipv6-extension.ts';
import type { JsonLayer } from './json.ts';
import type { LlcLayer } from './llc.ts';
import type { MalformedLayer } from './malformed.ts';
import type { NbnsLayer } from './nbns.ts';
import type { NtpLayer } from './ntp.ts';
import type { NullLayer } from './null.ts';
import type { PppLayer } from './ppp.ts';
import type { SctpLayer } from './sctp.ts';
import type { SllLayer } from './sll.ts';
import type { Sll2Layer } from './sll2.ts';
import type { SshLayer } from './ssh.ts';
import type { StpLayer } from './stp.ts';
import type { TcpLayer } from './tcp.ts';
import type { TlsLayer } from './tls.ts';
import type { UdpLayer } from './udp.ts';
import type { VlanLayer } from './vlan.ts';
import type { VrrpLayer } from './vrrp.ts';
import type { VxlanLayer } from './vxlan.ts';
import type { VxlanGpeLayer } from './vxlan-gpe.ts';
import type { WireguardLayer } from './wireguard.ts';

export type Layer =
  | EthernetLayer
  | SllLayer
  | Sll2Layer
  | NullLayer
  | VlanLayer
  | LlcLayer
  | StpLayer
  | ArpLayer
  | Ipv4Layer
  | Ipv6Layer
  | Ipv6ExtensionLayer
  | AhLayer
  | GreLayer
  | IcmpLayer
  | Icmpv6Layer
  | UdpLayer
  | TcpLayer
  | VxlanLayer
  | GeneveLayer
  | DhcpLayer
  | DnsLayer
  | HttpLayer
  | JsonLayer
  | Http2Layer
  | GrpcLayer
  | TlsLayer
  | BgpLayer
  | PppLayer
  | VxlanGpeLayer
  | WireguardLayer
  | ErspanLayer
  | EspLayer
  | SctpLayer
  | IgmpLayer
  | VrrpLayer
  | BfdLayer
  | NtpLayer
  | Dhcpv6Layer
  | NbnsLayer
  | SshLayer
  | DataLayer
  | MalformedLayer;
