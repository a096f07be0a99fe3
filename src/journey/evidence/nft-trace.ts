// `nft monitor trace` (nftables 1.0): a line with the packet, then one for each rule that matched, and the verdict.
//
//   trace id 9d988898 ip filter FORWARD packet: iif "docker0" oif "eth0" ether saddr … ip saddr 172.17.0.3 ip daddr 10.0.0.12 … ip id 34673 … tcp dport 9999 …
//   trace id 9d988898 ip filter FORWARD rule tcp dport 9999 counter packets 0 bytes 0 drop (verdict drop)
//
// A packet is traced that a rule gave `meta nftrace set 1`. iptables of Debian is nf_tables underneath, so its rules show too.
import type { TraceEvidence } from './evidence.ts';

const LINE = /^trace id ([0-9a-f]+) (\S+ \S+ \S+) (packet:|rule|policy|verdict|unknown rule)\s*(.*)$/;
const MOST_LINES = 100_000;

/** The packets that a rule or a policy dropped. Lines that are something else are passed over. Never throws. */
export function parseNftTrace(text: string, machine: string): TraceEvidence[] {
  const packets = new Map<string, Omit<TraceEvidence, 'chain' | 'rule'>>();
  const evidence: TraceEvidence[] = [];
  for (const line of text.split('\n', MOST_LINES)) {
    const [, id = '', chain = '', kind = '', rest = ''] = LINE.exec(line.trim()) ?? [];
    if (kind === 'packet:') packets.set(id, packetOf(rest, machine));
    const packet = packets.get(id);
    if (packet === undefined) continue;
    if (kind === 'policy' && rest.trim() === 'drop') evidence.push({ ...packet, chain, rule: '' });
    const dropped = /^(.*)\(verdict (drop|reject)\)$/.exec(rest);
    if (kind === 'rule' && dropped !== null) evidence.push({ ...packet, chain, rule: (dropped[1] ?? '').trim() });
    // A reject may come without a verdict: the expression in the rule ends the packet.
    else if (
      kind === 'rule' &&
      !/\(verdict [^)]*\)$/.test(rest) &&
      /(?:^|\s)reject(?:\s|$)/.test(rest.replace(/"[^"]*"/g, ''))
    )
      evidence.push({ ...packet, chain, rule: rest.trim() });
  }
  return evidence;
}

function packetOf(rest: string, machine: string): Omit<TraceEvidence, 'chain' | 'rule'> {
  const word = (pattern: RegExp): string => pattern.exec(rest)?.[1] ?? '';
  const number = (pattern: RegExp): number => Number(word(pattern) || -1);
  return {
    kind: 'trace',
    machine,
    source: word(/\bip6? saddr (\S+)/),
    destination: word(/\bip6? daddr (\S+)/),
    identification: number(/\bip id (\d+)/),
    sourcePort: number(/\b(?:tcp|udp) sport (\d+)/),
    destinationPort: number(/\b(?:tcp|udp) dport (\d+)/),
  };
}
