// What goes wrong in a real machine, and what the lab makes of it: a panic, an agent that is stopped, time that is stopped while
// it boots, devices with hostile names.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { remarkOf } from '../../src/machine/remark.ts';

let lab: Lab;
let host: Machine;

beforeAll(async () => {
  lab = await createNodeLab('super-bridge');
  await lab.start();
  [host] = lab.machines as [Machine];
});
afterAll(async () => lab?.dispose());

const until = async (what: string, condition: () => boolean, seconds: number): Promise<void> => {
  for (let tries = 0; tries < seconds * 10; tries++) {
    if (condition()) return;
    await sleep(100);
  }
  throw new Error(`waited ${seconds} s for ${what}`);
};
const type = (line: string): void => host.consoles[0]?.write(new TextEncoder().encode(`${line}\r`));
const says = async (command: string): Promise<string> => (await host.exec(command)).stdout.trim();

test('devices with hostile names are in the picture with all others, and their names are harmless', async () => {
  await host.exec(
    `ip link add $'\\e[31mred' type dummy; ip link add '"quoted"' type dummy; ip link add plain type dummy`,
  );
  const names = () => lab.graph.value.devices.map(({ name }) => name);
  await until('the device that came last', () => names().includes('plain'), 20);
  expect(names()).toEqual(expect.arrayContaining(['docker0', 'eth0', '"quoted"']));
  expect(names().some((name) => name.endsWith('[31mred'))).toBe(true);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
  expect(names().filter((name) => /[\x00-\x1f\x7f]/.test(name))).toEqual([]);
  await host.exec(`for name in $'\\e[31mred' '"quoted"' plain; do ip link delete "$name"; done`);
});

test('an agent that is stopped ends what waits for it at once, is named, and can be started again', async () => {
  const waits = host.exec('sleep 60');
  await sleep(500);
  type('systemctl stop lockstep-agent');
  const { exitCode, stderr } = await waits;
  expect(exitCode).toBe(255);
  expect(stderr).toContain('The agent of host-01 ended');
  await until('the remark', () => remarkOf(host.state.value).includes('systemctl start lockstep-agent'), 15);
  await expect(host.exec('true')).rejects.toThrow('systemctl start lockstep-agent');
  type('systemctl start lockstep-agent');
  await until('the remark to go', () => remarkOf(host.state.value) === '', 30);
  expect(await says('echo back')).toBe('back');
});

test('a panic of the kernel leaves checkpoints whole: the way back is there', async () => {
  await host.exec('echo kept >/root/note');
  const checkpoint = await lab.checkpoint('before');
  await host.exec('echo lost >/root/note');
  type('echo c >/proc/sysrq-trigger');
  await until('the panic', () => host.state.value.kind === 'failed', 20);
  expect(host.state.value).toMatchObject({ reason: 'guest-panic' });
  expect(lab.checkpoints.value).toEqual([checkpoint]);
  await lab.goBackTo(checkpoint);
  expect(lab.state.value.kind).toBe('running');
  expect(await says('cat /root/note')).toBe('kept');
});

test('a machine that boots stands when it is told to, and boots on when time goes on', async () => {
  // With what it loads at hand it starts in less time than a look takes.
  const starts = new Promise<void>((resolve) => {
    const stop = host.state.subscribe(({ kind }) => {
      if (kind !== 'loading') return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
  const rebooted = host.reboot();
  await starts;
  await lab.freeze();
  await rebooted;
  expect(host.state.value).toEqual({ kind: 'frozen', reason: 'reader' });
  await sleep(3000);
  expect(host.kernel.value).toBeNull();
  await lab.thaw();
  await until('its agent', () => host.kernel.value !== null, 120);
  expect(await says('hostname')).toBe('host-01');
});
