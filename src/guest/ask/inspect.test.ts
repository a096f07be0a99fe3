import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceNode, NamespaceNode } from '../../topology/graph.ts';
import { iptablesRules, nftablesRules } from './firewall-rules.ts';
import { inspectCommand, quote, readSections, SECTIONS } from './inspect-command.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../topology/fixtures/${name}`, import.meta.url), 'utf8');

const device = (name: string): DeviceNode => ({
  kind: 'device',
  id: 'm/1/1',
  namespace: 'm/1',
  machine: 'm',
  name,
  ifindex: 1,
  deviceKind: 'loopback',
  infoKind: '',
  mac: '',
  mtu: 65536,
  up: true,
  operstate: 'UNKNOWN',
  addresses: [],
});
const root: NamespaceNode = {
  kind: 'namespace',
  id: 'm/1',
  machine: 'm',
  name: 'm',
  root: true,
  inode: 1,
  pid: 1,
  workloads: [],
};

describe('the command of the inspector', () => {
  it('hands a shell exactly the words that it was given, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', maxLength: 15 }).filter((text) => !text.includes('\0')),
        (text) => {
          expect(execFileSync('sh', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' })).toBe(text);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('answers in sections, each with its own exit status, in a real shell', () => {
    const stdout = execFileSync('sh', ['-c', inspectCommand(device("lo'; echo gone; '"), root)], { encoding: 'utf8' });
    const sections = readSections(stdout);
    expect([...sections.keys()]).toEqual([...SECTIONS]);
    expect(sections.get('link')?.exitCode).not.toBe(0);
    expect(stdout).not.toMatch(/^gone$/m);
  });

  it('enters a container by its process, and a bare namespace by its name', () => {
    expect(inspectCommand(device('eth0'), { ...root, root: false, pid: 4242 })).toMatch(
      /^nsenter -t 4242 -n -- sh -c '/,
    );
    expect(inspectCommand(device('eth0'), { ...root, root: false, pid: 0, name: "a'b" })).toMatch(
      /^nsenter --net='\/run\/netns\/a'\\''b' -- sh -c '/,
    );
  });
});

describe('rules that touch a device', () => {
  const docker0 = { device: 'docker0', addresses: ['172.17.0.1/16'] };

  it('are those that name it or addresses of its subnet, with their counters', () => {
    const rules = iptablesRules(fixture('iptables-save.txt'), docker0);
    expect(rules.map(({ where, rule }) => `${where}: ${rule}`)).toEqual([
      'filter FORWARD: -i docker0 -o docker0 -j ACCEPT',
      'nat PREROUTING: -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
      'nat POSTROUTING: -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    ]);
    expect(rules[0]?.packets).toBeGreaterThan(0);
    expect(iptablesRules(fixture('iptables-save.txt'), { device: 'docker1', addresses: [] })).toEqual([]);
  });

  it('are read from nft as well, and not said twice when iptables made them', () => {
    const text = fixture('nft-ruleset.txt');
    expect(nftablesRules(text, docker0, true)).toEqual([]);
    const rules = nftablesRules(text, docker0, false);
    expect(rules.map(({ where }) => where).sort()).toEqual([
      'ip filter FORWARD',
      'ip nat POSTROUTING',
      'ip nat PREROUTING',
    ]);
    expect(rules.every((rule) => rule.packets !== null && !rule.rule.includes('counter'))).toBe(true);
  });

  it('are found by wildcards', () => {
    expect(
      iptablesRules('*filter\n[1:2] -A FORWARD -i veth+ -j DROP', { device: 'veth12', addresses: [] }),
    ).toHaveLength(1);
  });
});
