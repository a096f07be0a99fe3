// Wireshark's frame.protocols: which dissectors a packet went through, from the outside in.
import type { Layer } from './layer.ts';

/** "eth:ethertype:ip:tcp:http". What is wrong with a packet is no protocol of it. */
export function protocolsOf(layers: readonly Layer[]): string {
  const names: string[] = [];
  for (const layer of layers) {
    const { protocol } = layer;
    if (protocol.startsWith('_ws.')) continue;
    // Without a link layer Wireshark has a dissector that looks which version of IP it is.
    if (names.length === 0 && (protocol === 'ip' || protocol === 'ipv6')) names.push('raw');
    // Several messages in a segment are one visit.
    if (protocol === 'http' && names.at(-1) === 'http') continue;
    names.push(protocol);
    if (hasEtherType(layer)) names.push('ethertype');
  }
  return names.join(':');
}

/** What follows is looked up by its EtherType, by a dissector of its own. */
function hasEtherType(layer: Layer): boolean {
  if (layer.protocol === 'eth') return !layer.hasLength && layer.offset + layer.headerLength < layer.end;
  return layer.protocol === 'sll' || layer.protocol === 'vlan';
}
