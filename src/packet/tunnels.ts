// The tunnels that are known, one row each: how their packets are recognized, and which devices of Linux make them. Decoder,
// journeys, packet list and picture read it here; a row is added for a new one (its header's layer, if it has any, in layer.ts).
import type { Layer } from './layer.ts';

export interface Tunnel {
  /** As people call it. */
  readonly name: string;
  /** Its own header; left out: what it carries follows the outer IP or UDP header at once. */
  readonly layer?: Layer['protocol'];
  /** UDP ports at which it is taken for that without being told; the destination's. */
  readonly udpPorts: readonly number[];
  /** What nobody without its keys can look into. */
  readonly opaque?: true;
  /** IFLA_INFO_KIND of the devices that put packets into it (`ip -d link`). */
  readonly devices: readonly string[];
}

/** RFC 7348. Port 4789 by IANA, 8472 by Linux (drivers/net/vxlan, the port it took before IANA gave one), which flannel uses. */
export const VXLAN: Tunnel = { name: 'VXLAN', layer: 'vxlan', udpPorts: [4789, 8472], devices: ['vxlan'] };
/** RFC 8926 */
export const GENEVE: Tunnel = { name: 'Geneve', layer: 'geneve', udpPorts: [6081], devices: ['geneve'] };
/** RFC 2784 */
export const GRE: Tunnel = {
  name: 'GRE',
  layer: 'gre',
  udpPorts: [],
  devices: ['gre', 'gretap', 'ip6gre', 'ip6gretap', 'erspan'],
};
/** RFC 2003, and RFC 4213 and RFC 2473 for IPv6 outside or inside. */
export const IP_IN_IP: Tunnel = { name: 'IP in IP', udpPorts: [], devices: ['ipip', 'sit', 'ip6tnl'] };
/** flannel's UDP backend: flanneld itself puts the packets of its tun device into datagrams (pkg/backend/udp/proxy_amd64.c). */
export const FLANNEL_UDP: Tunnel = { name: 'UDP', udpPorts: [8285], devices: ['tun'] };
/** https://www.wireguard.com/protocol. It has no port of its own: these are Calico's, flannel's and Cilium's. */
export const WIREGUARD: Tunnel = {
  name: 'WireGuard',
  layer: 'wg',
  udpPorts: [51820, 51821, 51871],
  opaque: true,
  devices: ['wireguard'],
};

export const TUNNELS: readonly Tunnel[] = [VXLAN, GENEVE, GRE, IP_IN_IP, FLANNEL_UDP, WIREGUARD];

const byLayer = new Map(TUNNELS.flatMap((tunnel) => (tunnel.layer === undefined ? [] : [[tunnel.layer, tunnel]])));
const byPort = new Map(TUNNELS.flatMap((tunnel) => tunnel.udpPorts.map((port) => [port, tunnel])));
const byDevice = new Map(TUNNELS.flatMap((tunnel) => tunnel.devices.map((kind) => [kind, tunnel])));

export const isTunnelHeader = ({ protocol }: Layer): boolean => byLayer.has(protocol);

/** The tunnel that a device of this IFLA_INFO_KIND puts packets into. */
export const tunnelOfDevice = (infoKind: string): Tunnel | undefined => byDevice.get(infoKind);

/** The outermost tunnel that a packet is in; undefined: none. What an ICMP error quotes is not carried. */
export function tunnelOf(layers: readonly Layer[]): Tunnel | undefined {
  let below: Layer | undefined;
  for (const layer of layers) {
    const tunnel = byLayer.get(layer.protocol) ?? headless(below, layer);
    if (tunnel !== undefined) return tunnel;
    if (layer.quotes) return undefined;
    below = layer;
  }
  return undefined;
}

/** Those without a header of their own show by what follows what. */
function headless(below: Layer | undefined, { protocol }: Layer): Tunnel | undefined {
  const isIp = protocol === 'ip' || protocol === 'ipv6';
  if (below?.protocol === 'udp') {
    const tunnel = byPort.get(below.destinationPort);
    return isIp ? FLANNEL_UDP : tunnel?.opaque ? tunnel : undefined;
  }
  return isIp && (below?.protocol === 'ip' || below?.protocol === 'ipv6') ? IP_IN_IP : undefined;
}
