// A lab of two machines: each can be rebooted, switched off, unplugged by itself, and all of it undone.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { run, until } from './guest-command.ts';

let lab: Lab;
let one: Machine;
let other: Machine;

beforeAll(async () => {
  lab = await createNodeLab('two-hosts');
  await lab.start();
  [one, other] = lab.machines as [Machine, Machine];
});
afterAll(async () => lab?.dispose());

const reached = async (): Promise<boolean> => (await one.exec('ping -c 1 -W 2 kube-worker-02')).exitCode === 0;

test('machines have names and addresses of their own, and find each other by name', async () => {
  expect(await run(one, 'hostname')).toBe('kube-worker-01');
  expect(await run(other, 'hostname; ip -4 -o addr show eth0')).toMatch(/^kube-worker-02\n.* 10\.0\.0\.122\/24 /);
  expect(await reached()).toBe(true);
  const macs = await Promise.all([one, other].map((machine) => run(machine, 'cat /sys/class/net/eth0/address')));
  expect(new Set(macs).size).toBe(2);
});

test('a connection between them is in the same moment in both after going back, and goes on', async () => {
  await run(other, '(nc -l -p 9000 >/tmp/received) >/dev/null 2>&1 & sleep 0.5');
  await run(
    one,
    'mkfifo /tmp/words; (nc kube-worker-02 9000 </tmp/words) >/dev/null 2>&1 & (sleep 600 >/tmp/words) & sleep 1',
  );
  await run(one, 'echo first >/tmp/words; sleep 1');
  const checkpoint = await lab.checkpoint('connected');
  await run(one, 'echo second >/tmp/words; sleep 1');
  expect(await run(other, 'cat /tmp/received')).toBe('first\nsecond');
  await lab.goBackTo(checkpoint);
  expect(await run(other, 'cat /tmp/received')).toBe('first');
  await run(one, 'echo third >/tmp/words; sleep 1');
  expect(await run(other, 'cat /tmp/received')).toBe('first\nthird');
  lab.forget(checkpoint);
});

test('what the reader broke is whole again: containers, files, addresses, the terminal', async () => {
  await run(one, 'docker run -d --name web whoami; echo before >/root/note; sync');
  const shown: string[] = [];
  const stop = one.consoles[0]?.onOutput((bytes) => shown.push(new TextDecoder().decode(bytes)));
  const checkpoint = await lab.checkpoint('before');
  one.consoles[0]?.write(new TextEncoder().encode('echo $((6*7))\r'));
  await until('the answer', () => shown.join('').includes('42'));
  await run(one, 'docker rm -f web; echo after >/root/note; sync; ip addr flush dev eth0; rm /usr/bin/docker');
  expect(await reached()).toBe(false);
  const before = Number(await run(one, 'date +%s'));
  shown.length = 0;
  await lab.goBackTo(checkpoint);
  expect(await run(one, "docker ps --format '{{.Names}}'; cat /root/note")).toBe('web\nbefore');
  expect(await reached()).toBe(true);
  expect(shown.join('')).not.toContain('42');
  // The time of day is what it is, not what it was.
  expect(Number(await run(one, 'date +%s'))).toBeGreaterThanOrEqual(before);
  stop?.();
});

describe('the cable', () => {
  test('is pulled: the kernel has no carrier, and nothing comes through; plugged in, it does', async () => {
    lab.setCable('kube-worker-02', false);
    await until('the link to go down', () => lab.cables.value.get('kube-worker-02') === false);
    await sleep(500);
    expect(await run(other, 'ip -br link show eth0')).toContain('NO-CARRIER');
    expect(await reached()).toBe(false);
    lab.setCable('kube-worker-02', true);
    await sleep(500);
    expect(await run(other, 'ip -br link show eth0')).toContain('LOWER_UP');
    expect(await reached()).toBe(true);
  });
});

describe('a machine that is switched off and on', () => {
  test('boots with its disk, its address and its services, while the other one goes on', async () => {
    await run(other, 'echo kept >/root/note; sync');
    await run(one, '(while sleep 0.5; do date +%s >>/tmp/beats; done) >/dev/null 2>&1 &');
    await other.powerOff();
    expect(other.state.value.kind).toBe('off');
    expect(await reached()).toBe(false);
    const began = Date.now();
    await other.start();
    await until('its agent', () => other.kernel.value !== null);
    expect(await run(other, 'systemctl is-system-running --wait >/dev/null; cat /root/note; hostname')).toBe(
      'kept\nkube-worker-02',
    );
    expect(await run(other, 'systemctl is-active docker')).toBe('active');
    // It has not run for longer than since then.
    const uptime = Number(await run(other, 'cut -d. -f1 /proc/uptime'));
    expect(uptime).toBeLessThan((Date.now() - began) / 1000 + 5);
    // What it says is compared with when it was asked and when it had answered: a busy computer may take seconds for that.
    const asked = Date.now() / 1000;
    const said = Number(await run(other, 'date +%s'));
    expect(said).toBeGreaterThan(asked - 5);
    expect(said).toBeLessThan(Date.now() / 1000 + 5);
    expect(await reached()).toBe(true);
    expect(Number(await run(one, 'wc -l </tmp/beats'))).toBeGreaterThan(10);
  });

  test('is back from before that, too', async () => {
    const checkpoint = await lab.checkpoint('before the reboot');
    const uptime = Number(await run(other, 'cut -d. -f1 /proc/uptime'));
    // Nobody answers for what it was doing.
    await other.exec('reboot; sleep 30');
    await until('the kernel to reset it', () => other.state.value.kind === 'loading');
    await until('it to boot', () => other.state.value.kind === 'running');
    await lab.goBackTo(checkpoint);
    expect(Number(await run(other, 'cut -d. -f1 /proc/uptime'))).toBeGreaterThanOrEqual(uptime);
    expect(await reached()).toBe(true);
  });

  test('by its own kernel is off', async () => {
    await other.exec('poweroff; sleep 30');
    await until('it to be off', () => other.state.value.kind === 'off');
    expect(lab.state.value.kind).toBe('running');
  });
});

test('reset takes one machine to where it began, and leaves the other alone', async () => {
  await lab.resetMachine('kube-worker-02');
  expect(await run(other, 'ls /root')).toBe('');
  expect(await run(one, 'cat /root/note')).toBe('before');
  expect(await reached()).toBe(true);
});
