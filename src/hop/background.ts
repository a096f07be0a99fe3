// What the machines of a lab say to each other by themselves, all the time, whether or not a reader does anything: calls and
// heartbeats of etcd, which Kubernetes and flannel keep their state in. A picture and a list that show it show little else.
import { innermost } from '../packet/innermost.ts';
import { IP_PROTOCOL } from '../packet/numbers.ts';
import type { Hop } from './hop.ts';

/** For readers: "7,120 packets of etcd". */
export const BACKGROUND = 'etcd';

/** Clients', and peers' (https://www.iana.org/assignments/service-names-port-numbers: etcd-client, etcd-server). */
const PORTS = new Set([2379, 2380]);

/** By its TCP ports alone; a packet that is cut off before them is not. */
export function isBackground({ bytes, linkType }: Pick<Hop, 'bytes' | 'linkType'>): boolean {
  const inside = innermost(bytes, linkType);
  if (inside === null || inside.ip < 0 || bytes[inside.ip + 9] !== IP_PROTOCOL.tcp) return false;
  const at = inside.ip + 4 * ((bytes[inside.ip] ?? 0) & 0xf);
  if (at + 4 > inside.end) return false;
  const port = (place: number): number => ((bytes[place] ?? 0) << 8) | (bytes[place + 1] ?? 0);
  return PORTS.has(port(at)) || PORTS.has(port(at + 2));
}
