// Which rules of `iptables-save -c` and `nft list ruleset` touch a device: those that name it, and those that name an
// address that lies in its subnets (or a subnet that its address lies in). Rules for everybody are left out: they say
// nothing about this device.

export interface FirewallRule {
  /** "filter FORWARD", or nft's "ip filter FORWARD". */
  readonly where: string;
  /** As the tool prints it, without the counters. */
  readonly rule: string;
  /** null where the rule does not count. */
  readonly packets: number | null;
  readonly bytes: number | null;
}

export interface RuleTarget {
  readonly device: string;
  /** "172.17.0.1/16" */
  readonly addresses: readonly string[];
}

/** `iptables-save -c`: "[packets:bytes] -A CHAIN …" under "*table". */
export function iptablesRules(text: string, target: RuleTarget): FirewallRule[] {
  const rules: FirewallRule[] = [];
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const match = /^\[(\d+):(\d+)\] -A (\S+) (.*)$/.exec(line);
    if (match === null) continue;
    const [, packets, bytes, chain, rule] = match;
    if (chain === undefined || rule === undefined || !touches(rule, target)) continue;
    rules.push({ where: `${table} ${chain}`, rule, packets: Number(packets), bytes: Number(bytes) });
  }
  return rules;
}

/** Tables that iptables-nft made hold the same rules as iptables-save, in its own words: they are not said twice. */
const IPTABLES_TABLES = /^(ip|ip6) (filter|nat|mangle|raw|security)$/;

export function nftablesRules(text: string, target: RuleTarget, alsoInIptables: boolean): FirewallRule[] {
  const rules: FirewallRule[] = [];
  let table = '';
  let chain = '';
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const opened = /^table (\S+ \S+) \{$/.exec(line);
    if (opened?.[1] !== undefined) [table, chain] = [opened[1], ''];
    const inside = /^chain (\S+) \{$/.exec(line);
    if (inside?.[1] !== undefined) chain = inside[1];
    else if (line === '}') chain = '';
    else if (chain !== '' && !(alsoInIptables && IPTABLES_TABLES.test(table)) && touches(line, target)) {
      const counter = /counter packets (\d+) bytes (\d+) ?/.exec(line);
      rules.push({
        where: `${table} ${chain}`,
        rule: line.replace(/counter packets \d+ bytes \d+ ?/, '').trim(),
        packets: counter === null ? null : Number(counter[1]),
        bytes: counter === null ? null : Number(counter[2]),
      });
    }
  }
  return rules;
}

function touches(rule: string, target: RuleTarget): boolean {
  const words = rule.split(/[\s,{}"]+/);
  if (words.some((word) => namesDevice(word, target.device))) return true;
  const own = target.addresses.map(parseCidr).filter((cidr) => cidr !== null);
  return words.some((word) => {
    const cidr = parseCidr(word);
    return cidr !== null && cidr.length > 0 && own.some((mine) => shareAddresses(mine, cidr));
  });
}

/** iptables writes "veth+" for every device that begins with veth, nftables "veth*". */
function namesDevice(word: string, device: string): boolean {
  return word === device || (/[+*]$/.test(word) && word.length > 1 && device.startsWith(word.slice(0, -1)));
}

interface Cidr {
  readonly bits: number;
  readonly length: number;
}

/** IPv4 only ("172.17.0.2", "172.17.0.0/16", "172.17.0.2:80"): docker0's rules are. Anything else is null. */
function parseCidr(text: string): Cidr | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::\d+|\/(\d{1,2}))?$/.exec(text);
  if (match === null) return null;
  const [a, b, c, d] = match.slice(1, 5).map(Number) as [number, number, number, number];
  const length = match[5] === undefined ? 32 : Number(match[5]);
  if (Math.max(a, b, c, d) > 255 || length > 32) return null;
  return { bits: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, length };
}

function shareAddresses(a: Cidr, b: Cidr): boolean {
  const length = Math.min(a.length, b.length);
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return (a.bits & mask) >>> 0 === (b.bits & mask) >>> 0;
}
