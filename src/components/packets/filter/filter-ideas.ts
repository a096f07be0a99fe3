// Filters that are written for the reader: what a text that is no filter may have meant, and the conversation of a packet.
import { dissect } from '../../../packet/dissect.ts';
import { compileFilter } from '../../../packet/filter/compile.ts';
import type { Layer } from '../../../packet/layer.ts';
import type { ListedHop } from '../source/packet-source.ts';

export interface FilterIdea {
  readonly filter: string;
  /** "Address", "Text in the packet": what it looks for. */
  readonly about: string;
}

/** What somebody who typed this may be looking for; every idea is a filter, and the likeliest is first. */
export function ideasFor(text: string): FilterIdea[] {
  const word = text.trim();
  if (word === '') return [];
  const ideas: FilterIdea[] = [];
  if (/^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(word)) ideas.push({ filter: `ip.addr == ${word}`, about: 'Address' });
  else if (/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(word)) {
    ideas.push({ filter: `eth.addr == ${word}`, about: 'MAC address' });
    ideas.push({ filter: `arp.src.hw_mac == ${word} or arp.dst.hw_mac == ${word}`, about: 'MAC address in ARP' });
  } else if (/^[0-9a-f:]*:[0-9a-f:]+$/i.test(word)) ideas.push({ filter: `ipv6.addr == ${word}`, about: 'Address' });
  else if (/^\d{1,5}$/.test(word))
    ideas.push({ filter: `tcp.port == ${word} or udp.port == ${word}`, about: 'Port of either end' });
  if (/^[\w.-]+$/.test(word)) ideas.push({ filter: `frame.interface_name contains ${quoted(word)}`, about: 'Device' });
  ideas.push({ filter: `frame contains ${quoted(word)}`, about: 'Text in the packet' });
  return ideas.filter(({ filter }) => compileFilter(filter).ok);
}

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/**
 * Both directions of what the packet belongs to; null when it belongs to nothing that has two ends. Ends are told by address
 * and port, so that one packet is enough to know them: Wireshark's tcp.stream needs all that came before.
 */
export function streamFilter({ bytes, linkType, originalLength }: ListedHop): string | null {
  const layers = dissect(bytes, linkType, originalLength);
  const quoting = layers.findIndex((layer) => layer.quotes);
  const own = quoting < 0 ? layers : layers.slice(0, quoting + 1);
  const at = own.findLastIndex(({ protocol }) => protocol === 'ip' || protocol === 'ipv6' || protocol === 'arp');
  const inner = own[at];
  if (inner?.protocol === 'arp') return arpFilter(inner);
  if (inner !== undefined) {
    const transport = own.slice(at + 1).find(({ protocol }) => protocol in WITH_ENDS);
    const ends = transport === undefined ? undefined : WITH_ENDS[transport.protocol]?.(transport);
    return ends === undefined ? endsOf(inner) : `${endsOf(inner)} and ${ends}`;
  }
  const frame = own.find((layer) => layer.protocol === 'eth');
  return frame === undefined ? null : endsOf(frame);
}

/** "field == one and field == other", of fields that stand for both ends. */
function endsOf(layer: Layer): string {
  const { protocol } = layer;
  return both(`${protocol}.addr`, shown(layer, `${protocol}.src`), shown(layer, `${protocol}.dst`));
}

const both = (field: string, one: string, other: string): string =>
  one === other ? `${field} == ${one}` : `${field} == ${one} and ${field} == ${other}`;

const shown = (layer: Layer, field: string): string => layer.named(field)[0]?.shown ?? '';

const ports = (layer: Layer): string =>
  both(`${layer.protocol}.port`, shown(layer, `${layer.protocol}.srcport`), shown(layer, `${layer.protocol}.dstport`));

/** A ping's echoes share an id; other messages have no more than their addresses. */
const echo =
  (id: string) =>
  (layer: Layer): string => {
    const value = shown(layer, id);
    return value === '' ? layer.protocol : `${id} == ${value}`;
  };

const WITH_ENDS: Readonly<Record<string, (layer: Layer) => string>> = {
  tcp: ports,
  udp: ports,
  icmp: echo('icmp.ident'),
  icmpv6: echo('icmpv6.echo.identifier'),
};

/** The question and its answer: both name the two addresses, in turn. */
function arpFilter(arp: Layer): string {
  const one = shown(arp, 'arp.src.proto_ipv4');
  const other = shown(arp, 'arp.dst.proto_ipv4');
  if (one === '' || other === '') return 'arp';
  return `arp.src.proto_ipv4 in {${one}, ${other}} and arp.dst.proto_ipv4 in {${one}, ${other}}`;
}
