// The build itself, in a project of its own that begins with what is built here: a component and a lab are added, and nothing else
// is built again. And what is put into a machine that runs.
import { randomBytes } from 'node:crypto';
import { chmod, cp, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { oldestGo } from '../../src/cli/builder/component-file.ts';
import { provideGo } from '../../src/cli/builder/go.ts';
import { LabBuilds } from '../../src/cli/builder/lab-builds.ts';
import { putTree } from '../../src/cli/builder/put-tree.ts';
import { readLabs } from '../../src/cli/labs.ts';
import { Progress } from '../../src/cli/progress/progress.ts';
import { root as checkout } from '../../src/cli/setup/root.mjs';
import { createLab } from '../../src/lab/create-lab.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { readManifest } from '../../src/lab/manifest.ts';
import { nodeDrivers } from '../../src/lab/node-drivers.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { V86Machine } from '../../src/machine/v86/v86-machine.ts';
import { greeterFiles } from './greeter.ts';
import { run } from './guest-command.ts';

const { signal } = new AbortController();
const folders: string[] = [];
const labs: Lab[] = [];
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const lab of labs) await lab.dispose();
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function temporary(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `lockstep-${name}-`));
  folders.push(folder);
  return folder;
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** A project with the labs of this checkout, built. */
async function project(): Promise<string> {
  const root = await temporary('project');
  for (const path of ['sandboxes', 'src/cli/builder', 'src/machine/v86'])
    await cp(join(checkout, path), join(root, path), { recursive: true });
  await mkdir(join(root, 'build/cache'), { recursive: true });
  // A checkout that took its labs from the cache of all has none.
  for (const entry of await readdir(join(checkout, 'build/cache')).catch(() => []))
    await symlink(join(checkout, 'build/cache', entry), join(root, 'build/cache', entry));
  await cp(join(checkout, 'build/site-assets/labs'), join(root, 'build/site-assets/labs'), { recursive: true });
  const chunks = 'build/site-assets/machine/chunks';
  for (const entry of await readdir(join(checkout, chunks), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(root, from.slice(checkout.length));
    await mkdir(dirname(to), { recursive: true });
    await link(from, to).catch(() => cp(from, to));
  }
  return root;
}

const pair = {
  'lab.yaml': `id: pair
title: A pair
summary: Two machines, one of which sets up the other.
machines:
  - name: one
    from: super-bridge/host-01
    address: 10.0.0.1/24
    components: [greeter]
  - name: two
    from: super-bridge/host-01
    address: 10.0.0.2/24
    start: two.sh
    warm: { run: warm.sh, type: [wc -c /root/letter] }
wires:
  - { name: lan, machines: [one, two] }
provision:
  - { machine: one, run: site.sh }
`,
  'two.sh': "systemd-run -q sh -c 'nc -l 7000 >/root/letter; echo arrived >/root/arrived'\n",
  'site.sh': 'set -e\n/usr/local/bin/greeter | nc -N -w 20 two 7000\n',
  // Each time it is run it says so; that it comes after the provisioning of the lab, it finds out itself.
  'warm.sh':
    'for tenth in $(seq 100); do [ -e /root/arrived ] && break; sleep 0.1; done; [ -s /root/letter ] && echo x >>/root/warmed\n',
};

describe('a component and a lab are added', () => {
  let root = '';
  let before: Record<string, string>;
  const told = new Progress();
  let one: Machine;
  let two: Machine;

  const manifests = async (ids: readonly string[]): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(
        ids.map(async (id) => [id, await readFile(join(root, 'build/site-assets/labs', id, 'lab.json'), 'utf8')]),
      ),
    );

  beforeAll(async () => {
    root = await project();
    const go = await provideGo(
      { root: checkout, signal, step: () => ({ progress: () => {}, done: () => {} }) },
      await oldestGo(checkout),
    );
    vi.stubEnv('LOCKSTEP_CACHE', 'off');
    vi.stubEnv('PATH', `${dirname(go.program)}:${process.env['PATH']}`);
    before = await manifests((await readLabs(root)).map(({ id }) => id));
    await write(join(root, 'sandboxes/components/greeter'), greeterFiles);
    await write(join(root, 'sandboxes/labs/pair'), pair);
    await new LabBuilds(await readLabs(root), { root, signal, display: told }).run();
    const manifest = readManifest('pair', (await manifests(['pair']))['pair'] ?? '');
    const lab = await createLab(manifest, { base: join(root, 'build/site-assets/machine'), drivers: nodeDrivers });
    labs.push(lab);
    await lab.start();
    [one, two] = lab.machines as [Machine, Machine];
  });

  test('only that lab is built', async () => {
    expect(told.steps.filter(({ note }) => note !== 'cached').map(({ name }) => name)).toEqual([
      'components',
      'lab pair',
    ]);
    expect(told.steps.filter(({ name }) => name === 'components').map(({ note }) => note)).toEqual(['greeter']);
    expect(await manifests(Object.keys(before))).toEqual(before);
  });

  test('the machine that names the component has it, ready to run; the other one does not', async () => {
    expect(await run(one, 'greeter || /usr/local/bin/greeter')).toBe('after v1.2.3 32');
    expect(await run(one, 'stat -c "%U %a" /usr/local/bin/greeter')).toBe('root 755');
    expect(await run(two, 'ls /usr/local/bin')).toBe('');
  });

  test('the lab says where the sources of its programs are; no other lab names this component', async () => {
    const note = (id: string) => readFile(join(root, 'build/site-assets/labs', id, 'sources.txt'), 'utf8');
    expect(await note('pair')).toContain(
      '/usr/local/bin/greeter (licences and changes: /usr/share/doc/greeter/copyright',
    );
    for (const id of Object.keys(before)) expect(await note(id)).not.toContain('greeter');
    expect(await note('overlay')).toContain('/usr/local/bin/flanneld');
    expect(await note('two-hosts')).not.toContain('Go modules');
  });

  test('one machine set up the other, before that one was warmed up: once, and no more in what a reader gets', async () => {
    expect(await run(two, 'cat /root/letter')).toBe('after v1.2.3 32');
    expect(await run(two, 'cat /root/warmed')).toBe('x');
  });
});

describe('what is put into a machine that runs', () => {
  let machine: V86Machine;
  /** As large as the largest program of a lab. */
  let large = '';
  beforeAll(async () => {
    large = await temporary('large');
    await mkdir(join(large, 'usr/local/bin'), { recursive: true });
    await writeFile(join(large, 'usr/local/bin/large'), randomBytes(50_000_000));
    const lab = await createNodeLab('super-bridge');
    labs.push(lab);
    await lab.start();
    const [first] = lab.machines;
    if (!(first instanceof V86Machine)) throw new Error('a machine of the driver v86');
    machine = first;
  });

  test('is there as it was: odd names, links, nothing in it, not for everybody to run', async () => {
    const tree = await temporary('tree');
    await write(tree, { 'opt/a b/ü$x': 'odd\n', 'opt/empty': '', 'opt/run': '#!/bin/sh\necho it runs\n' });
    await chmod(join(tree, 'opt/run'), 0o700);
    await symlink('run', join(tree, 'opt/link'));
    await putTree(machine, tree, { signal });
    expect(await run(machine, 'cat "/opt/a b/ü\\$x"; wc -c </opt/empty; /opt/link; readlink /opt/link')).toBe(
      'odd\n0\nit runs\nrun',
    );
    expect(await run(machine, 'stat -c "%U:%G %a" /opt/run /opt/empty')).toBe('root:root 755\nroot:root 644');
  });

  test('stays out of its page cache', async () => {
    const cached = async () => Number(await run(machine, "awk '/^Cached:/ { print $2 }' /proc/meminfo"));
    const before = await cached();
    await putTree(machine, large, { signal });
    expect(await cached()).toBeLessThan(before + 4096);
  });

  test('and has no room there: the machine says so, and goes on', async () => {
    // What was removed is not free at once where something still has it open: filled until no more than 20 MB stay free for a while.
    const free = 'df --output=avail -k / | tail -1';
    await run(
      machine,
      `rm /usr/local/bin/*; sync
      for n in 1 2 3 4 5; do
        more=$(($(${free}) - 20000))
        [ $more -le 0 ] || fallocate -l $((more))K /full-$n
        sync; sleep 1
      done`,
    );
    expect(Number(await run(machine, free))).toBeLessThan(20_001);
    await expect(putTree(machine, large, { signal })).rejects.toThrow(
      /large.*\(51 MB\) could not be put into host-01: [\s\S]*\b\d MB are left on its disk/,
    );
    expect(await run(machine, 'echo still here')).toBe('still here');
  });
});
