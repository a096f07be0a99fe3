// One command for everything that the inspector shows: in the page's machine each start of a program costs tens of
// milliseconds, and each exec a round trip more. Its answer comes in sections; each names itself and its exit status.
import type { DeviceNode, NamespaceNode } from '../../topology/graph.ts';

export const SECTIONS = ['link', 'neighbours', 'fdb', 'routes', 'iptables', 'nftables'] as const;
export type Section = (typeof SECTIONS)[number];

/** A line that no tool prints by chance. */
const MARK = '@lockstep-section@';

export function inspectCommand(device: DeviceNode, namespace: NamespaceNode): string {
  const name = quote(device.name);
  const commands: Record<Section, string> = {
    link: `ip -j -s -d addr show dev ${name}`,
    neighbours: `ip -j neigh show dev ${name}`,
    fdb: device.deviceKind === 'bridge' ? `bridge -j fdb show br ${name}` : `bridge -j fdb show dev ${name}`,
    routes: `ip -j route show table all dev ${name}`,
    iptables: 'iptables-save -c',
    nftables: 'nft list ruleset',
  };
  const script = SECTIONS.map(
    (section) => `echo ${quote(`${MARK} ${section}`)}; ${commands[section]} 2>&1; s=$?; echo; echo ${quote(MARK)} $s`,
  ).join('; ');
  return `${enter(namespace)}sh -c ${quote(script)}`;
}

/** "" for the machine's own namespace; otherwise by a process inside it, or by its name under /run/netns. */
function enter(namespace: NamespaceNode): string {
  if (namespace.root) return '';
  if (namespace.pid > 0) return `nsenter -t ${Math.trunc(namespace.pid)} -n -- `;
  return `nsenter --net=${quote(`/run/netns/${namespace.name}`)} -- `;
}

/** For a POSIX shell. Interface names may hold anything but '/' and white space (net/core/dev.c: dev_valid_name). */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export interface SectionAnswer {
  readonly text: string;
  readonly exitCode: number;
}

/** Sections that are missing (the command was cut off) have no entry. */
export function readSections(stdout: string): Map<Section, SectionAnswer> {
  const answers = new Map<Section, SectionAnswer>();
  let section: Section | undefined;
  let lines: string[] = [];
  for (const line of stdout.split('\n')) {
    if (!line.startsWith(MARK)) {
      lines.push(line);
      continue;
    }
    const word = line.slice(MARK.length).trim();
    const opened = SECTIONS.find((candidate) => candidate === word);
    if (opened !== undefined) {
      section = opened;
      lines = [];
    } else if (section !== undefined && /^\d+$/.test(word)) {
      answers.set(section, { text: lines.join('\n').trim(), exitCode: Number(word) });
      section = undefined;
    }
  }
  return answers;
}
