// What the tools of iproute2 said about one device, as rows to show. Their answers are a machine's words: whatever does
// not have the expected shape is left out, never trusted.
import { type Fields, readJson } from '../../basics/json-checks.ts';
import { visible } from '../../basics/visible.ts';
import type { DeviceNode } from '../../topology/graph.ts';
import { type FirewallRule, iptablesRules, nftablesRules } from './firewall-rules.ts';
import type { Section, SectionAnswer } from './inspect-command.ts';

export interface Counters {
  readonly packets: number;
  readonly bytes: number;
  readonly errors: number;
  readonly dropped: number;
}

export interface Inspection {
  readonly received: Counters | null;
  readonly sent: Counters | null;
  /** "172.17.0.2/16 scope global" */
  readonly addresses: readonly string[];
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly neighbours: readonly string[];
  readonly fdb: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly FirewallRule[];
  /** What could not be read, and what the tool said: "bridge: not found". By section. */
  readonly failures: ReadonlyMap<Section, string>;
}

export function readInspection(device: DeviceNode, sections: ReadonlyMap<Section, SectionAnswer>): Inspection {
  const failures = new Map<Section, string>();
  const json = (section: Section): Fields[] => {
    const answer = sections.get(section);
    if (answer === undefined) {
      failures.set(section, 'no answer came');
      return [];
    }
    if (answer.exitCode !== 0) failures.set(section, lastLine(answer.text) || `exit status ${answer.exitCode}`);
    return answer.exitCode === 0 ? parseList(answer.text) : [];
  };
  const text = (section: Section): string => {
    const answer = sections.get(section);
    if (answer === undefined || answer.exitCode !== 0)
      failures.set(
        section,
        answer === undefined ? 'no answer came' : lastLine(answer.text) || `exit status ${answer.exitCode}`,
      );
    return answer?.exitCode === 0 ? answer.text : '';
  };

  const link = json('link')[0] ?? {};
  const stats = fields(link.stats64 ?? link.stats);
  const target = { device: device.name, addresses: device.addresses };
  const iptables = text('iptables');
  // A machine without nft has no nft rules: nothing to report.
  const nft = sections.get('nftables')?.exitCode === 0 ? text('nftables') : '';
  return {
    received: counters(stats.rx),
    sent: counters(stats.tx),
    addresses: list(link.addr_info).map((address) =>
      words(
        `${say(address.local)}/${say(address.prefixlen)}`,
        'scope',
        address.scope,
        address.dynamic === true ? 'dynamic' : '',
      ),
    ),
    facts: linkFacts(link),
    neighbours: json('neighbours').map((entry) =>
      words(
        entry.dst,
        'is at',
        entry.lladdr ?? 'nobody knows where',
        entry.router === null ? 'router' : '',
        joined(entry.state),
      ),
    ),
    fdb: json('fdb').map((entry) =>
      words(
        entry.mac,
        'by',
        entry.ifname,
        entry.dst === undefined ? '' : `to ${say(entry.dst)}`,
        entry.vlan === undefined ? '' : `vlan ${say(entry.vlan)}`,
        entry.state || 'learned',
        joined(entry.flags),
      ),
    ),
    routes: json('routes').map((entry) =>
      words(
        entry.type === undefined || entry.type === 'unicast' ? '' : entry.type,
        entry.dst,
        entry.gateway === undefined ? '' : `via ${say(entry.gateway)}`,
        entry.prefsrc === undefined ? '' : `src ${say(entry.prefsrc)}`,
        entry.metric === undefined ? '' : `metric ${say(entry.metric)}`,
        entry.scope === undefined ? '' : `scope ${say(entry.scope)}`,
        entry.table === undefined ? '' : `table ${say(entry.table)}`,
      ),
    ),
    rules: [...iptablesRules(iptables, target), ...nftablesRules(nft, target, iptables !== '')],
    failures,
  };
}

/** As much as a whole report of a machine may have; characters. */
const LONGEST_ANSWER = 8 * 1024 * 1024;

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const list = (value: unknown): Fields[] =>
  Array.isArray(value) ? value.map(fields).filter((entry) => Object.keys(entry).length > 0) : [];
const say = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? visible(String(value)) : '';
const joined = (value: unknown): string => (Array.isArray(value) ? value.map(say).join(' ') : say(value));
const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';

function words(...parts: unknown[]): string {
  return parts
    .map(say)
    .filter((part) => part !== '')
    .join(' ');
}

function parseList(text: string): Fields[] {
  // ip(8) prints nothing at all for an empty list of neighbours in some versions.
  if (text.trim() === '') return [];
  const read = readJson('answer', text, LONGEST_ANSWER, list);
  return read.ok ? read.value : [];
}

function counters(value: unknown): Counters | null {
  const from = fields(value);
  if (typeof from.packets !== 'number') return null;
  const count = (name: string): number => (typeof from[name] === 'number' ? from[name] : 0);
  return { packets: count('packets'), bytes: count('bytes'), errors: count('errors'), dropped: count('dropped') };
}

function linkFacts(link: Fields): [string, string][] {
  const info = fields(link.linkinfo);
  const data = fields(info.info_data);
  const facts: [string, unknown][] = [
    ['MAC', link.address],
    ['MTU', link.mtu],
    ['State', link.operstate],
    ['Flags', joined(link.flags)],
    ['Port of', link.master],
    ['Kind', info.info_kind],
    ['VNI', info.info_kind === 'vxlan' ? data.id : undefined],
    ['UDP port', info.info_kind === 'vxlan' ? data.port : undefined],
    ['STP', info.info_kind === 'bridge' ? (data.stp_state === 1 ? 'on' : 'off') : undefined],
    ['Queue', link.qdisc],
  ];
  return facts.map(([name, value]): [string, string] => [name, say(value)]).filter(([, value]) => value !== '');
}
