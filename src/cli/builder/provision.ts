// What is done in a machine between power-on and its snapshot.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Console } from '../../guest/guest.ts';
import type { LabFile, LabMachine } from '../../lab/lab-file.ts';
import type { V86Machine } from '../../machine/v86/v86-machine.ts';
import type { Component } from './components.ts';
import { firstReport, type InGuest, inGuest } from './in-guest.ts';
import { withPatience } from './patience.ts';
import { putTree } from './put-tree.ts';
import { noteCgroups, tidyUp } from './tidy-up.ts';

export interface ProvisionOptions {
  readonly root: string;
  readonly lab: LabFile;
  readonly mac: string;
  /** Those that are put into it. */
  readonly components: readonly Component[];
  readonly signal: AbortSignal;
  tell(fraction: number, detail: string): void;
}

type Step = readonly [string, (tell: (fraction: number) => void) => Promise<unknown>];

/** Gives a machine its name and address, its components, starts its services, imports its images, and runs its start script. */
export async function provision(machine: V86Machine, file: LabMachine, options: ProvisionOptions): Promise<void> {
  const { root, lab, mac, components, signal, tell } = options;
  const run = inGuest(machine, signal);
  tell(0, file.from === undefined ? 'booting' : 'waking up');
  await firstReport(machine, signal);
  if (file.from === undefined) await run('systemctl is-system-running --wait || systemctl --failed --no-legend');
  else await run(noteCgroups);
  await run(identityScript(lab, file, mac));

  const steps: Step[] = [
    ...components.map(
      ({ name, tree }): Step => [`putting ${name} into it`, (tell) => putTree(machine, tree, { signal, tell })],
    ),
    ...file.services.map(
      (unit): Step => [`starting ${unit}`, () => run(`systemctl enable --now ${unit} && systemctl is-active ${unit}`)],
    ),
    ...file.images.map((image): Step => [`importing the Docker image ${image}`, () => run(importImage(image))]),
  ];
  const { start } = file;
  if (start !== undefined) steps.push([`running ${start}`, () => runScript(run, root, lab, start)]);
  const begin = file.from === undefined ? 0.5 : 0.1;
  for (const [index, [detail, work]] of steps.entries()) {
    const share = (fraction: number) => tell(begin + ((1 - begin) * (index + fraction)) / steps.length, detail);
    share(0);
    await work(share);
  }
}

/** Runs a script of the lab's folder. */
export async function runScript(run: InGuest, root: string, lab: LabFile, name: string): Promise<void> {
  // Without Debian's init scripts, which systemctl would ask perl about: a megabyte of page cache in each copy.
  await run(`export SYSTEMCTL_SKIP_SYSV=1\n${await readScript(root, lab, name)}`);
}

export function readScript(root: string, { id }: LabFile, name: string): Promise<string> {
  return readFile(join(root, 'sandboxes/labs', id, name), 'utf8');
}

/** The last that is done in a machine, when all of its lab are ready. A reader's terminals begin with a fresh prompt. */
export async function finish(machine: V86Machine, signal: AbortSignal): Promise<void> {
  const run = inGuest(machine, signal);
  await run(tidyUp);
  // Not `restart`: with it systemd sends no SIGHUP (src/core/unit.c, unit_kill_context), and a shell ignores SIGTERM for 30 s.
  await run(`systemctl stop ${shells}`);
  for (const console of machine.consoles) console.clear();
  await run(`systemctl start ${shells}`);
  for (const console of machine.consoles) await promptOf(console, signal);
  await machine.flushTap();
  await new Promise((resolve) => setTimeout(resolve, 4000));
}

const shells = 'lockstep-console@hvc0 lockstep-console@hvc1';

/** Resolves when a shell waits for a command. */
async function promptOf(console: Console, signal: AbortSignal): Promise<void> {
  let shown = '';
  const stop = console.onOutput((bytes) => {
    shown += Buffer.from(bytes).toString('latin1');
  });
  const words = `The shell of terminal ${console.index} shows no prompt`;
  try {
    await withPatience({ seconds: 60, words, signal }, async (signal) => {
      while (!shown.endsWith('# ')) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
  } finally {
    stop();
  }
}

/** Who the machine is, on its network and to itself. Debian's own places, so that it is the same after a reboot. */
function identityScript(lab: LabFile, file: LabMachine, mac: string): string {
  const host = file.hostname ?? file.name;
  const others = lab.machines.flatMap(({ name, hostname, address }) =>
    address === undefined ? [] : [`${address.split('/')[0]} ${hostname ?? name}`],
  );
  const hosts = ['127.0.0.1 localhost', ...(file.address === undefined ? [`127.0.1.1 ${host}`] : []), ...others];
  const nic = ['auto lo', 'iface lo inet loopback', 'auto eth0'];
  if (file.address === undefined) nic.push('iface eth0 inet manual', '  up ip link set eth0 up');
  else nic.push('iface eth0 inet static', `  address ${file.address}`);
  nic.push(`  hwaddress ether ${mac}`);
  const lines = (path: string, text: readonly string[]) =>
    `printf '%s\\n' ${text.map((line) => `'${line}'`).join(' ')} >${path}`;
  return [
    lines('/etc/hosts', hosts),
    lines('/etc/network/interfaces', nic),
    `echo ${host} >/etc/hostname`,
    `hostname ${host}`,
    'ifdown --force eth0 2>/dev/null',
    'ifup --force lo eth0',
  ].join('\n');
}

/** What `docker build` would make of the Dockerfile, in one step instead of four: each costs an emulated machine seconds. */
function importImage(image: string): string {
  return `cd /usr/lib/lockstep/docker/${image} && changes=() &&
    while read -r line; do case $line in CMD*|EXPOSE*|ENV*) changes+=(-c "$line");; esac; done <Dockerfile &&
    docker import "\${changes[@]}" rootfs.tar.gz ${image}`;
}
