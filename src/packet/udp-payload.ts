// What a datagram carries, by its ports; of WireGuard, which has no port of its own, by what only its messages look like.
import { BFD_PORTS, BfdLayer, startsBfd } from './bfd.ts';
import { DataLayer } from './data.ts';
import { DHCP_PORTS, DhcpLayer } from './dhcp.ts';
import { DHCPV6_PORTS, Dhcpv6Layer } from './dhcpv6.ts';
import { DNS_PORT, DnsLayer, LLMNR_PORT, MDNS_PORT } from './dns.ts';
import { ESP_PORT, EspLayer, startsEsp } from './esp.ts';
import { GeneveLayer } from './geneve.ts';
import { HttpLayer, SSDP_PORT, startsSsdp } from './http.ts';
import { Ipv4Layer } from './ipv4.ts';
import { Ipv6Layer } from './ipv6.ts';
import type { Layer } from './layer.ts';
import { NBNS_PORT, NbnsLayer } from './nbns.ts';
import { NTP_PORT, NtpLayer } from './ntp.ts';
import { FLANNEL_UDP, GENEVE, VXLAN, WIREGUARD } from './tunnels.ts';
import type { UdpLayer } from './udp.ts';
import { VxlanLayer } from './vxlan.ts';
import { VXLAN_GPE_PORT, VxlanGpeLayer } from './vxlan-gpe.ts';
import { provesWireguard, startsWireguard, WireguardLayer } from './wireguard.ts';

type Carried = (udp: UdpLayer, bytes: Uint8Array, start: number, end: number) => Layer | null;

const vxlan: Carried = (udp, bytes, start, end) => new VxlanLayer(bytes, start, end, udp);
const geneve: Carried = (udp, bytes, start, end) => new GeneveLayer(bytes, start, end, udp);
const dhcp: Carried = (udp, bytes, start, end) => new DhcpLayer(bytes, start, end, udp);
const dhcpv6: Carried = (udp, bytes, start, end) => new Dhcpv6Layer(bytes, start, end, udp);
const bfd: Carried = (udp, bytes, start, end) =>
  startsBfd(bytes, start) ? new BfdLayer(bytes, start, end, udp) : null;
const wireguard: Carried = (udp, bytes, start, end) =>
  startsWireguard(bytes, start, end) ? new WireguardLayer(bytes, start, end, udp) : null;

function flannel(udp: UdpLayer, bytes: Uint8Array, start: number, end: number): Layer | null {
  const version = (bytes[start] ?? 0) >>> 4;
  if (version === 4) return new Ipv4Layer(bytes, start, end, udp);
  return version === 6 ? new Ipv6Layer(bytes, start, end, udp) : null;
}

const each = (ports: Iterable<number>, carried: Carried): [number, Carried][] =>
  [...ports].map((port) => [port, carried]);

/** Tunnels go by the destination alone: the other port is made from the packet inside, and may be any. */
const BY_DESTINATION: ReadonlyMap<number, Carried> = new Map<number, Carried>([
  ...each(VXLAN.udpPorts, vxlan),
  [VXLAN_GPE_PORT, (udp, bytes, start, end) => new VxlanGpeLayer(bytes, start, end, udp)],
  ...each(GENEVE.udpPorts, geneve),
]);

const BY_PORT: ReadonlyMap<number, Carried> = new Map<number, Carried>([
  [DNS_PORT, (udp, bytes, start, end) => new DnsLayer('dns', 0, bytes, start, end, udp)],
  [MDNS_PORT, (udp, bytes, start, end) => new DnsLayer('mdns', 0, bytes, start, end, udp)],
  [LLMNR_PORT, (udp, bytes, start, end) => new DnsLayer('llmnr', 0, bytes, start, end, udp)],
  [NBNS_PORT, (udp, bytes, start, end) => new NbnsLayer(bytes, start, end, udp)],
  [NTP_PORT, (udp, bytes, start, end) => new NtpLayer(bytes, start, end, udp)],
  [
    SSDP_PORT,
    (udp, bytes, start, end) => (startsSsdp(bytes, start, end) ? new HttpLayer(bytes, start, end, udp, 'ssdp') : null),
  ],
  [ESP_PORT, (udp, bytes, start, end) => (startsEsp(bytes, start, end) ? new EspLayer(bytes, start, end, udp) : null)],
  ...each(DHCP_PORTS, dhcp),
  ...each(DHCPV6_PORTS, dhcpv6),
  ...each(BFD_PORTS, bfd),
  ...each(WIREGUARD.udpPorts, wireguard),
  ...each(FLANNEL_UDP.udpPorts, flannel),
]);

/** The layer behind a UDP header. */
export function byUdpPort(udp: UdpLayer, bytes: Uint8Array, start: number, end: number): Layer {
  const { sourcePort, destinationPort } = udp;
  const tunnel = BY_DESTINATION.get(destinationPort)?.(udp, bytes, start, end);
  if (tunnel !== undefined && tunnel !== null) return tunnel;
  // The lower port first: the other one is most often any that was free.
  const [lower, higher] = sourcePort < destinationPort ? [sourcePort, destinationPort] : [destinationPort, sourcePort];
  const carried = BY_PORT.get(lower)?.(udp, bytes, start, end) ?? BY_PORT.get(higher)?.(udp, bytes, start, end);
  if (carried !== undefined && carried !== null) return carried;
  return provesWireguard(bytes, start, end)
    ? new WireguardLayer(bytes, start, end, udp)
    : new DataLayer(bytes, start, end, udp);
}
