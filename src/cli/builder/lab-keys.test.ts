// On a copy of what keys are made from, in which things are changed as an author would.
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { labIds, readLab } from '../labs.ts';
import { root as checkout } from '../setup/root.mjs';
import { componentsOf, inheritedComponents, labKey } from './lab-keys.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lockstep-lab-keys-'));
  for (const path of ['sandboxes', 'src/cli/builder', 'src/machine/v86'])
    await cp(join(checkout, path), join(root, path), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

async function keys(): Promise<Record<string, string>> {
  const ids = await labIds(root);
  return Object.fromEntries(
    await Promise.all(ids.map(async (id) => [id, await labKey(root, await readLab(root, id))] as const)),
  );
}

/** Which labs a change builds again. */
async function rebuilt(change: () => Promise<unknown>): Promise<string[]> {
  const before = await keys();
  await change();
  const after = await keys();
  expect(Object.values(after).every((key) => /^[0-9a-f]{24}$/.test(key))).toBe(true);
  return Object.keys(after).filter((id) => after[id] !== before[id]);
}

async function addComponent(name: string): Promise<void> {
  const folder = join(root, 'sandboxes/components', name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'component.yaml'),
    `programs:\n  - package: example.test/${name}\n    path: /usr/local/bin/${name}\n`,
  );
  await writeFile(join(folder, 'go.mod'), `module ${name}\n\ngo 1.26\n`);
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(join(root, path), 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(join(root, path), after);
}

const nameIt = (lab: string, component: string) =>
  edit(`sandboxes/labs/${lab}/lab.yaml`, (text) =>
    text.replace(/(\n {4}(memory|from): .*)/, `$1\n    components: [${component}]`),
  );

describe('which labs are built again', () => {
  test('none, when a component is added that none of them names', async () => {
    expect(await rebuilt(() => addComponent('calico'))).toEqual([]);
  });

  test('the one that names it then', async () => {
    await addComponent('calico');
    expect(await rebuilt(() => nameIt('two-hosts', 'calico'))).toEqual(['two-hosts']);
  });

  test('and those that are made from that one', async () => {
    await addComponent('calico');
    expect(await rebuilt(() => nameIt('super-bridge', 'calico'))).toEqual(['overlay', 'super-bridge', 'two-hosts']);
  });

  test('those that have it, when a component changes', async () => {
    const path = join(root, 'sandboxes/components/flannel/component.yaml');
    expect(await rebuilt(() => appendFile(path, '# newer\n'))).toEqual(['overlay']);
  });

  test.each([
    'sandboxes/components/README.md',
    'sandboxes/components/flannel/README.md',
    'sandboxes/image/README.md',
    'sandboxes/labs/README.md',
    'sandboxes/labs/super-bridge/README.md',
  ])('none, when %s is written', async (path) => {
    expect(await rebuilt(() => writeFile(join(root, path), 'Words.\n'))).toEqual([]);
  });

  test.each([
    ['sandboxes/image/packages.list', ['overlay', 'super-bridge', 'two-hosts']],
    ['sandboxes/labs/super-bridge/warm.sh', ['overlay', 'super-bridge', 'two-hosts']],
    ['sandboxes/labs/overlay/worker.sh', ['overlay']],
    ['src/cli/builder/provision.ts', ['overlay', 'super-bridge', 'two-hosts']],
    ['src/cli/builder/put-tree.ts', ['overlay']],
    ['src/cli/builder/build-all.ts', []],
    ['src/cli/builder/lab-keys.ts', []],
  ])('when %s changes: %j', async (path, labs) => {
    expect(await rebuilt(() => appendFile(join(root, path), '\n'))).toEqual(labs);
  });

  test('every file that counts is there, and everything that makes a machine counts', async () => {
    const folder = join(root, 'src/cli/builder');
    const counting: string[] = [];
    for (const name of (await readdir(folder)).filter((name) => /^[^.]+\.ts$/.test(name)))
      if ((await rebuilt(() => appendFile(join(folder, name), '\n'))).length > 0) counting.push(name);
    expect(counting).toEqual([
      'compile-component.ts',
      'component-file.ts',
      'components.ts',
      'cut-up.ts',
      'docker-images.ts',
      'go-licences.ts',
      'image.ts',
      'make-ready.ts',
      'prelink.ts',
      'provision.ts',
      'put-tree.ts',
      'snapshot.ts',
      'tidy-up.ts',
      'warm.ts',
    ]);
  });
});

describe('the components of a machine', () => {
  test('are those that it names, and those of the machine that it is made from', async () => {
    await mkdir(join(root, 'sandboxes/labs/later'));
    const yaml = `id: later
title: Later
summary: Made from a machine with a component.
machines:
  - { name: one, from: overlay/kube-worker-01, components: [flannel, calico] }
  - { name: two, from: overlay/etcd-01 }
`;
    await addComponent('calico');
    await writeFile(join(root, 'sandboxes/labs/later/lab.yaml'), yaml);
    const lab = await readLab(root, 'later');
    const [one, two] = lab.machines;
    if (one === undefined || two === undefined) throw new Error('two machines');
    expect([...(await componentsOf(root, lab, one))].sort()).toEqual(['calico', 'flannel']);
    expect([...(await inheritedComponents(root, lab, one))]).toEqual(['flannel']);
    expect([...(await componentsOf(root, lab, two))]).toEqual([]);
  });

  test('of a machine that is made from one that is not there: which ones there are', async () => {
    await edit('sandboxes/labs/two-hosts/lab.yaml', (text) =>
      text.replace('super-bridge/host-01', 'super-bridge/host-9'),
    );
    const lab = await readLab(root, 'two-hosts');
    const [first] = lab.machines;
    await expect(first && componentsOf(root, lab, first)).rejects.toThrow(
      'kube-worker-01 of the lab two-hosts is made from "super-bridge/host-9", but super-bridge has no machine "host-9": it has host-01.',
    );
  });

  test('labs that are made from each other: one of them has to come first', async () => {
    await edit('sandboxes/labs/super-bridge/lab.yaml', (text) =>
      text.replace('memory: 320', 'from: two-hosts/kube-worker-01'),
    );
    await expect(labKey(root, await readLab(root, 'super-bridge'))).rejects.toThrow(
      'The labs super-bridge, two-hosts, super-bridge are made from each other: one of them has to come first.',
    );
  });
});

describe('a lab that names what is not there', () => {
  test('a component: where it stands, and which ones there are', async () => {
    await nameIt('two-hosts', 'flanell');
    await expect(readLab(root, 'two-hosts')).rejects.toThrow(
      'sandboxes/labs/two-hosts/lab.yaml:9:18: machines[0].components[0]: there is no component "flanell". Did you mean "flannel"? Folders of sandboxes/components: flannel',
    );
  });

  test('a script', async () => {
    await rm(join(root, 'sandboxes/labs/super-bridge/warm.sh'));
    await expect(readLab(root, 'super-bridge')).rejects.toThrow(
      'lab.yaml:12:12: machines[0].warm.run: there is no file "warm.sh" beside lab.yaml',
    );
  });
});
