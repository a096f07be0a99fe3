import { expect, test } from 'vitest';
import { commandsOf, programsOf } from './programs-of.ts';

test('one program, and each of a pipe or a list', () => {
  expect(programsOf('ip -brief addr')).toEqual(['ip']);
  expect(programsOf('iptables -V && iptables -S FORWARD')).toEqual(['iptables']);
  expect(programsOf("journalctl -u flanneld | grep -E 'a|b; c' | tail -n 3")).toEqual(['journalctl', 'grep', 'tail']);
  expect(programsOf('systemctl stop flanneld; ip link delete flannel.1')).toEqual(['systemctl', 'ip']);
});

test('what a substitution starts, in quotes as well', () => {
  expect(programsOf('ip -o link | grep "^$(docker exec client cat /sys/class/net/eth0/iflink):"')).toEqual([
    'docker',
    'cat',
    'ip',
    'grep',
  ]);
});

test('what another program starts in its own way', () => {
  expect(programsOf('docker exec -i client ping -c 1 172.17.0.2')).toEqual(['docker', 'ping']);
  expect(programsOf("nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ip neigh")).toEqual([
    'docker',
    'nsenter',
    'ip',
  ]);
  expect(programsOf("nsenter -t 42 -n sh -c 'ip -brief addr; ss -tlnH'")).toEqual(['nsenter', 'sh', 'ip', 'ss']);
  expect(programsOf('timeout 15 systemctl restart flanneld')).toEqual(['timeout', 'systemctl']);
});

test('a function: what it runs, and what is run by it', () => {
  expect(programsOf('in-netns() { nsenter -t "$(docker inspect -f {{.State.Pid}} "$1")" -n "$@"; }')).toEqual([
    'docker',
    'nsenter',
  ]);
  expect(programsOf('in-netns client ping -c 1 10.2.22.2')).toEqual(['in-netns', 'ping']);
  expect(programsOf('ip netns exec hand curl -s http://172.17.0.2/')).toEqual(['ip', 'curl']);
});

test('loops: their words are not programs', () => {
  expect(programsOf('for id in $(etcdctl lease list | tail -n +2); do etcdctl lease timetolive $id; done')).toEqual([
    'etcdctl',
    'tail',
  ]);
  expect(programsOf('until etcdctl get key | grep Public; do sleep 1; done')).toEqual(['etcdctl', 'grep', 'sleep']);
});

test('the words of a command, quotes undone', () => {
  expect(commandsOf("docker inspect -f '{{.State.Pid}}' web 2>&1")).toEqual([
    ['docker', 'inspect', '-f', '{{.State.Pid}}', 'web', '2>&1'],
  ]);
});
