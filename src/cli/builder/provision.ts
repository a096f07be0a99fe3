// What is done in a machine between power-on and its snapshot.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Console } from '../../guest/guest.ts';
import type { LabFile, LabMachine } from '../../lab/lab-file.ts';
import type { V86Machine } from '../../machine/v86/v86-machine.ts';
import { dropPageCache, noteCgroups, tidyUp } from './tidy-up.ts';

export interface ProvisionOptions {
  readonly root: string;
  readonly lab: LabFile;
  readonly mac: string;
  readonly signal: AbortSignal;
  tell(fraction: number, detail: string): void;
}

const bootSeconds = 300;
const commandSeconds = 300;

type Step = readonly [string, () => Promise<unknown>];

/** Gives a machine its name and address, starts its services, imports its images, and runs its start script. */
export async function provision(machine: V86Machine, file: LabMachine, options: ProvisionOptions): Promise<void> {
  const { root, lab, mac, signal, tell } = options;
  const run = runner(machine, signal);
  tell(0, file.from === undefined ? 'booting' : 'waking up');
  await firstReport(machine, signal);
  if (file.from === undefined) await run('systemctl is-system-running --wait || systemctl --failed --no-legend');
  else await run(noteCgroups);
  await run(identityScript(lab, file, mac));

  const steps: Step[] = [
    ...file.services.map(
      (unit): Step => [`starting ${unit}`, () => run(`systemctl enable --now ${unit} && systemctl is-active ${unit}`)],
    ),
    ...file.images.map((image): Step => [`importing the Docker image ${image}`, () => run(importImage(image))]),
  ];
  if (file.start !== undefined) {
    const script = await readFile(join(root, 'sandboxes/labs', lab.id, file.start), 'utf8');
    // Without Debian's init scripts, which systemctl would ask perl about: a megabyte of page cache in each copy.
    steps.push([`running ${file.start}`, () => run(`export SYSTEMCTL_SKIP_SYSV=1\n${script}`)]);
  }
  // Everything that the first commands load is loaded now, then thrown out of memory, then loaded again: what is left
  // in the page cache is what a reader's first command needs, and no more. A copy's page cache is like that already, but
  // for what was read to make it ready, and that is thrown out when it is tidied up.
  if (file.from === undefined) {
    steps.push(
      ['rehearsing the first commands', () => firstCommands(machine)],
      ['dropping the page cache', () => run(dropPageCache)],
      ['rehearsing them again', () => firstCommands(machine)],
      ['rehearsing what is typed', () => typedCommands(machine, signal)],
    );
  }
  const begin = file.from === undefined ? 0.4 : 0.1;
  for (const [index, [detail, work]] of steps.entries()) {
    tell(begin + ((1 - begin) * index) / steps.length, detail);
    await work();
  }
}

/** The last that is done in a machine, when all of its lab are ready. A reader's terminals begin with a fresh prompt. */
export async function finish(machine: V86Machine, signal: AbortSignal): Promise<void> {
  const run = runner(machine, signal);
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
  try {
    for (let tenths = 0; !shown.endsWith('# '); tenths++) {
      signal.throwIfAborted();
      if (tenths > 600)
        throw new Error(`The shell of terminal ${console.index} shows no prompt: ${JSON.stringify(shown)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    stop();
  }
}

function runner(machine: V86Machine, signal: AbortSignal): (command: string) => Promise<string> {
  return async (command) => {
    signal.throwIfAborted();
    const { stdout, stderr, exitCode } = await machine.exec(command, { timeout: commandSeconds * 1000, signal });
    if (exitCode !== 0) throw new Error(`"${command}" ended with status ${exitCode}:\n${stdout}${stderr}`.trimEnd());
    return stdout;
  };
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

/** What readers type first; run in the builder so that it is quick in the page. Leaves nothing behind. */
export async function firstCommands(machine: V86Machine): Promise<void> {
  if ((await machine.exec('systemctl is-active -q docker')).exitCode !== 0) return;
  const script = `docker run -d --name warm-a toolbox sleep 600 && docker run -d --name warm-b whoami &&
    docker ps && web=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' warm-b) &&
    docker exec warm-a ping -c 1 $web && docker exec warm-a wget -qO- http://$web/ &&
    ip addr show docker0 && ip -br link && bridge fdb show br docker0 && ip route && ip neigh && brctl show docker0 && docker inspect warm-a >/dev/null;
    docker rm -f warm-a warm-b`;
  const { exitCode, stderr, stdout } = await machine.exec(script, { timeout: commandSeconds * 1000 });
  if (exitCode !== 0) throw new Error(`The first commands failed with status ${exitCode}:\n${stdout}${stderr}`);
}

/** Types a few commands as a reader does, for the page cache of the shell's own machinery. */
async function typedCommands(machine: V86Machine, signal: AbortSignal): Promise<void> {
  const done = '/run/typed';
  for (const command of [
    'docker ps',
    'ip -br link',
    'docker run -d --name warm-c toolbox sleep 600',
    'docker rm -f warm-c',
  ]) {
    for (const key of `${command}; touch ${done}\r`) {
      machine.consoles[0]?.write(new TextEncoder().encode(key));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const wait = `until [ -e ${done} ]; do sleep 0.2; done; rm ${done}`;
    const { exitCode } = await machine.exec(wait, { timeout: commandSeconds * 1000, signal });
    if (exitCode !== 0)
      throw new Error(`"${command}", typed into the terminal, did not end within ${commandSeconds} s`);
  }
}

/** Resolves when the machine's agent has told its kernel's state for the first time. */
async function firstReport(machine: V86Machine, signal: AbortSignal): Promise<void> {
  const started = Date.now();
  while (machine.kernel.value === null) {
    signal.throwIfAborted();
    const state = machine.state.value;
    if (state.kind === 'failed') throw new Error(state.message);
    if (Date.now() - started > bootSeconds * 1000) throw new Error(`it did not come up within ${bootSeconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
