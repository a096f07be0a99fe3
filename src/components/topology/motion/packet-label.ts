// What a packet on the picture is called, and its hue: those of the innermost packet, and the tunnel that it is in.
import type { Hop } from '../../../hop/hop.ts';
import { dissect } from '../../../packet/dissect.ts';
import { innermost } from '../../../packet/innermost.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../../packet/numbers.ts';
import { type Family, summarizeLayers } from '../../../packet/summary.ts';
import { tunnelOf } from '../../../packet/tunnels.ts';
import type { Label } from './packet-flow.ts';

export function labelOf({ bytes, linkType, originalLength }: Hop): Label {
  const layers = dissect(bytes, linkType, originalLength);
  const { family, protocol } = summarizeLayers(layers);
  return { family, text: protocol, tunnel: tunnelOf(layers)?.name ?? '' };
}

/** Read off the headers at once, for sums and lamps: a summary of every packet of a burst would cost more than its picture. */
export function quickFamily(bytes: Uint8Array, linkType: number): Family {
  const inside = innermost(bytes, linkType);
  if (inside === null) return 'other';
  if (inside.ip >= 0) return FAMILY_OF_PROTOCOL[bytes[inside.ip + 9] ?? 0] ?? 'other';
  const type = inside.frame + (inside.frame === 0 && linkType !== ETHERNET ? 0 : 12);
  switch (((bytes[type] ?? 0) << 8) | (bytes[type + 1] ?? 0)) {
    case ETHERTYPE.arp:
      return 'arp';
    case ETHERTYPE.ipv6:
      return 'ipv6';
    default:
      return 'other';
  }
}

const ETHERNET = 1;

const FAMILY_OF_PROTOCOL: Readonly<Record<number, Family>> = {
  [IP_PROTOCOL.icmp]: 'icmp',
  [IP_PROTOCOL.tcp]: 'tcp',
  [IP_PROTOCOL.udp]: 'udp',
};
