// What a cooked capture knows of whom a frame was for: the kernel's skb->pkt_type (linux/if_packet.h).
import type { Hop } from './hop.ts';

const OTHERHOST = 3;

/** True when the frame has another machine's MAC address: a bridge flooded it, or the device takes in everything. */
export function isForOthers({ linkType, bytes }: Pick<Hop, 'linkType' | 'bytes'>): boolean {
  if (linkType === 276) return bytes[10] === OTHERHOST;
  return linkType === 113 && bytes[0] === 0 && bytes[1] === OTHERHOST;
}
