// Wireshark's frame.protocols: which dissectors a packet went through, from the outside in.
import type { Layer } from './layer.ts';
import { ETHERTYPE } from './numbers.ts';
import { VlanLayer } from './vlan.ts';
import { VxlanGpeLayer } from './vxlan-gpe.ts';

/** "eth:ethertype:ip:tcp:http". What is wrong with a packet is no protocol of it. */
export function protocolsOf(layers: readonly Layer[]): string {
  const names: string[] = [];
  let before: Layer | null = null;
  for (const layer of layers) {
    const { protocol } = layer;
    if (protocol.startsWith('_ws.')) continue;
    // Without a link layer Wireshark has a dissector that looks which version of IP it is.
    if (names.length === 0 && (protocol === 'ip' || protocol === 'ipv6')) names.push('raw');
    // Several messages in a segment are one visit.
    if ((protocol === 'http' || protocol === 'dns') && names.at(-1) === protocol) continue;
    names.push(...visits(layer, before));
    before = layer;
  }
  return names.join(':');
}

/** The dissectors that Wireshark has for a layer: mostly one. */
function visits(layer: Layer, before: Layer | null): readonly string[] {
  // A tag of either kind.
  if (layer instanceof VlanLayer) return layer.hasLength ? [layer.protocol] : [layer.protocol, 'ethertype'];
  switch (layer.protocol) {
    case 'eth':
      // What follows is looked up by its EtherType, by a dissector of its own.
      return !layer.hasLength && layer.offset + layer.headerLength < layer.end ? ['eth', 'ethertype'] : ['eth'];
    case 'sll':
      return ['sll', 'ethertype'];
    case 'vxlan':
      return layer instanceof VxlanGpeLayer ? [] : ['vxlan'];
    case 'gre':
      // ERSPAN's first kind has no header, and a dissector.
      return layer.type === ETHERTYPE.erspan && !layer.isNumbered ? ['gre', 'erspan'] : ['gre'];
    case 'esp':
      return before?.protocol === 'udp' ? ['udpencap', 'esp'] : ['esp'];
    case 'igmp':
      // One for all, and one for each version.
      return layer.version === null ? ['igmp'] : ['igmp', 'igmp'];
    case 'sctp':
      return ['sctp', ...Array<string>(layer.wholeMessages).fill('data')];
    case 'data':
      return [before?.protocol === 'ppp' ? (before.control ?? 'data') : 'data'];
    default:
      return [layer.protocol];
  }
}
