// What one hop did to a packet: the headers of two sightings laid side by side, from the inside out, since tunnels come and
// go on the outside.
//
//   before                           ip  icmp
//   after    [eth]  ip  udp  vxlan  eth  ip  icmp         put on: 50 bytes; the two ip and icmp are compared by field
import type { Field, FieldValue } from '../packet/field.ts';
import type { Layer } from '../packet/layer.ts';
import { tunnelOf } from '../packet/tunnels.ts';

export interface Change {
  /** Wireshark's name of the field; "encapsulation" for headers put on or taken off, with their names as values. */
  readonly field: string;
  /** null: it was not there. */
  readonly from: number | string | null;
  readonly to: number | string | null;
  /** Of an encapsulation: bytes put on, or (less than 0) taken off. */
  readonly bytes?: number;
  /** In words; left out where nothing but the change itself is known. */
  readonly why?: string;
}

/** Reasons that the headers themselves do not tell. */
export interface Explanations {
  /** The conntrack entry, in words, when NAT rewrote addresses, ports or an ICMP id. */
  readonly nat: string | null;
}

const NO_EXPLANATION: Explanations = { nat: null };

/** Field by field, headers from the outside in. Empty when the packet was handed on as it was. */
export function changesBetween(
  before: readonly Layer[],
  after: readonly Layer[],
  explanations: Explanations = NO_EXPLANATION,
): Change[] {
  // What is inside UDP and TCP is told by their ports: with others, the same bytes are read as something else.
  const isReadAlike = protocolsOf(applicationOf(before)) === protocolsOf(applicationOf(after));
  const a = split(isReadAlike ? before : withoutApplication(before));
  const b = split(isReadAlike ? after : withoutApplication(after));
  let inner = 0;
  while (inner < Math.min(a.inside.length, b.inside.length)) {
    if (a.inside.at(-1 - inner)?.protocol !== b.inside.at(-1 - inner)?.protocol) break;
    inner++;
  }
  const taken = a.inside.slice(0, a.inside.length - inner);
  const put = b.inside.slice(0, b.inside.length - inner);
  const changes: Change[] = [];
  if (taken.length === 0 && put.length === 0) changes.push(...linkChanges(a.link, b.link));
  if (taken.length > 0) changes.push(encapsulation(taken, -1, tail(a.inside, inner)));
  if (put.length > 0) changes.push(encapsulation(put, 1, tail(b.inside, inner)));
  for (let i = inner; i > 0; i--) {
    const from = a.inside.at(-i) as Layer;
    const to = b.inside.at(-i) as Layer;
    changes.push(...fieldChanges(from, to, explanations));
  }
  return changes;
}

const tail = (layers: readonly Layer[], count: number): Layer | undefined => layers[layers.length - count];

/** Where what the innermost TCP or UDP carries begins; the end where there is none. */
function applicationFrom(layers: readonly Layer[]): number {
  const network = layers.findLastIndex(({ protocol }) => protocol === 'ip' || protocol === 'ipv6');
  const transport = layers.findIndex(
    ({ protocol }, index) => index > network && (protocol === 'udp' || protocol === 'tcp'),
  );
  return network < 0 || transport < 0 ? layers.length : transport + 1;
}

const applicationOf = (layers: readonly Layer[]): readonly Layer[] => layers.slice(applicationFrom(layers));
const withoutApplication = (layers: readonly Layer[]): readonly Layer[] => layers.slice(0, applicationFrom(layers));
const protocolsOf = (layers: readonly Layer[]): string => layers.map(({ protocol }) => protocol).join(' ');

/** The link header that the capture was taken with, apart: it may be a cooked one at one tap and Ethernet at the next. */
function split(layers: readonly Layer[]): { link: Layer | undefined; inside: readonly Layer[] } {
  const protocol = layers[0]?.protocol;
  const hasLink = protocol === 'eth' || protocol === 'sll' || protocol === 'null';
  return { link: hasLink ? layers[0] : undefined, inside: hasLink ? layers.slice(1) : layers };
}

function encapsulation(layers: readonly Layer[], sign: 1 | -1, inside: Layer | undefined): Change {
  const names = layers.map(({ protocol }) => protocol).join(' / ');
  // What is left inside begins where they end; without it, they are all there is.
  const first = layers[0] as Layer;
  const last = layers.at(-1) as Layer;
  const bytes = sign * ((inside?.offset ?? last.offset + last.length) - first.offset);
  const from = sign === 1 ? null : names;
  const to = sign === 1 ? names : null;
  return { field: 'encapsulation', from, to, bytes, why: encapsulationWhy(layers, sign) };
}

function encapsulationWhy(layers: readonly Layer[], sign: 1 | -1): string {
  const done = sign === 1 ? 'put on' : 'taken off';
  const vlan = layers.find((layer) => layer.protocol === 'vlan');
  if (layers.length === 1 && vlan?.protocol === 'vlan') return `802.1Q tag ${done}: VLAN ${vlan.id}`;
  const words: string[] = [];
  for (const layer of layers) {
    const { protocol } = layer;
    if (protocol === 'ip' || protocol === 'ipv6') words.push(`outer addresses ${layer.source} → ${layer.destination}`);
    if (protocol === 'udp') words.push(`UDP port ${layer.destinationPort}`);
    if (protocol === 'vxlan') words.push(`VNI ${layer.vni}`);
  }
  const name = tunnelOf(layers)?.name ?? 'tunnel';
  const kind = layers.some(({ protocol }) => protocol === 'ip' || protocol === 'ipv6') ? `${name} headers` : 'headers';
  return words.length === 0 ? `${kind} ${done}` : `${kind} ${done}: ${words.join(', ')}`;
}

function linkChanges(before: Layer | undefined, after: Layer | undefined): Change[] {
  if (before === undefined || after === undefined) return [];
  if (before.protocol === 'eth' && after.protocol === 'eth') return fieldChanges(before, after, NO_EXPLANATION);
  // A cooked header has the sender's MAC only.
  const from = sourceMac(before);
  const to = sourceMac(after);
  if (from === '' || to === '' || from === to) return [];
  return [{ field: after.protocol === 'eth' ? 'eth.src' : 'sll.src.eth', from, to, why: MAC_WHY }];
}

const sourceMac = (layer: Layer): string => (layer.protocol === 'eth' || layer.protocol === 'sll' ? layer.source : '');

const MAC_WHY = 'frames carry the MAC addresses of this link: who sends on it, and who is next on the way';

/** Worked out from others, or said by others better. */
const DERIVED = /\.(status|lg|ig|str|ident_le|seq_le)$|^(ip\.flags|ip\.dsfield|tcp\.flags|ipv6\.tclass)$|^_ws\./;
/** A number of bytes that a tap's own padding changes, and data, which nothing on the way may change. */
const PADDING = /^(eth\.(padding|trailer|fcs|len)|frame\.)/;

function fieldChanges(before: Layer, after: Layer, explanations: Explanations): Change[] {
  const changes: Change[] = [];
  const to = byName(after);
  const from = byName(before);
  for (const [name, field] of from) {
    const other = to.get(name);
    if (other?.shown === field.shown || DERIVED.test(name.replace(/#\d+$/, '')) || PADDING.test(name)) continue;
    changes.push(changeOf(field, other, before, after));
  }
  for (const [name, field] of to)
    if (!from.has(name) && !DERIVED.test(name.replace(/#\d+$/, '')) && !PADDING.test(name))
      changes.push(changeOf(undefined, field, before, after));
  const rewritten = changes.some(({ field }) => NAT_FIELDS.test(field));
  return changes.map((change) => {
    const why = whyOf(change, rewritten, before, after, explanations);
    return why === '' ? change : { ...change, why };
  });
}

/** A repeated field by its place among its namesakes. */
function byName(layer: Layer): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const field of layer.fields()) {
    let name = field.name;
    for (let n = 2; fields.has(name); n++) name = `${field.name}#${n}`;
    fields.set(name, field);
  }
  return fields;
}

function changeOf(from: Field | undefined, to: Field | undefined, before: Layer, after: Layer): Change {
  const field = (to ?? from)?.name ?? `${before.protocol} → ${after.protocol}`;
  return { field, from: from === undefined ? null : plain(from), to: to === undefined ? null : plain(to) };
}

/** Wireshark writes some numbers in hexadecimal: those stay as they are shown. */
function plain({ value, shown }: Field): number | string {
  const number: FieldValue = typeof value === 'boolean' ? Number(value) : value;
  return typeof number === 'number' && !shown.startsWith('0x') && !shown.includes('.') ? number : shown;
}

const NAT_FIELDS = /^(ipv?6?\.(src|dst)|(tcp|udp)\.(src|dst)port|icmp\.ident|icmpv6\.echo\.identifier)$/;

function whyOf(
  { field, from, to }: Change,
  rewritten: boolean,
  before: Layer,
  after: Layer,
  { nat }: Explanations,
): string {
  if (NAT_FIELDS.test(field)) return nat ?? '';
  switch (field) {
    case 'ip.ttl':
    case 'ipv6.hlim':
      return typeof from === 'number' && typeof to === 'number' && to < from
        ? `${from - to === 1 ? 'a router takes' : `${from - to} routers take`} one off${from - to === 1 ? '' : ' each'}`
        : '';
    case 'eth.src':
    case 'eth.dst':
      return MAC_WHY;
    case 'ip.checksum':
      return 'made anew, as the header changed';
    case 'tcp.checksum':
    case 'udp.checksum':
    case 'icmp.checksum':
    case 'icmpv6.checksum': {
      const was = checksumOf(before);
      const is = checksumOf(after);
      if (was === 'offloaded' && is === 'good')
        return 'finished on the way out (checksum offload): until then only part of the sum stood there';
      if (was === 'good' && is === 'offloaded') return 'left for the NIC to finish (checksum offload)';
      if (nat !== null || rewritten) return 'covers addresses and ports, which were rewritten';
      return is === 'bad' ? 'no longer fits its packet' : '';
    }
    case 'ip.dsfield.ecn':
      return to === 3 ? 'a queue marked it: congestion' : '';
    case 'ip.len':
    case 'ip.flags.mf':
    case 'ip.frag_offset':
      return 'it was cut into fragments, or put together again';
    default:
      return '';
  }
}

const checksumOf = (layer: Layer): string => ('checksum' in layer ? String(layer.checksum) : '');
