import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root as checkout } from '../setup/root.mjs';
import { oldestGo, readComponent, readComponents } from './component-file.ts';
import { planComponent } from './components.ts';

const good = 'programs:\n  - package: example.test/hello\n    path: /usr/local/bin/hello\n';
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lockstep-component-'));
});
afterEach(() => rm(root, { recursive: true }));

async function component(name: string, yaml: string, goLine = 'go 1.26'): Promise<void> {
  const folder = join(root, 'sandboxes/components', name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'component.yaml'), yaml);
  await writeFile(join(folder, 'go.mod'), `module ${name}\n\n${goLine}\n`);
}

describe('a component’s file', () => {
  it('says what is built; the folder says the rest', async () => {
    await component('hello', good);
    for (const patch of ['b.patch', 'a.patch']) await writeFile(join(root, 'sandboxes/components/hello', patch), '');
    expect(await readComponent(root, 'hello')).toEqual({
      name: 'hello',
      programs: [{ package: 'example.test/hello', path: '/usr/local/bin/hello' }],
      cgo: false,
      stamp: {},
      go: [1, 26, 0],
      patches: ['a.patch', 'b.patch'],
    });
  });

  it.each([
    ['an unknown key', `${good}cgos: true\n`, /hello\/component\.yaml:\n.*cgos/],
    ['no programs', 'programs: []\n', /→ at programs/],
    [
      'a path that is not absolute',
      good.replace('/usr', 'usr'),
      /absolute path in the machine.*\n.*programs\[0\]\.path/,
    ],
    ['a path that leads elsewhere', good.replace('/local', '/..'), /absolute path in the machine/],
    ['an option in the place of a package', good.replace('example.test', '-toolexec=x'), /import path of a Go package/],
    ['a linker option in the place of a version', `${good}stamp: { a/b.C: 'v1 -X d.E=f' }\n`, /expected a word/],
    ['no YAML', 'programs: [', /component\.yaml is not YAML/],
  ])('with %s is refused, and says where', async (_, yaml, words) => {
    await component('hello', yaml);
    await expect(readComponent(root, 'hello')).rejects.toThrow(words);
  });

  it('needs a go line in go.mod', async () => {
    await component('hello', good, 'toolchain go1.26.8');
    await expect(readComponent(root, 'hello')).rejects.toThrow('hello/go.mod: expected a line such as "go 1.26"');
  });
});

describe('all components', () => {
  it('are the folders; the newest go line is what they need', async () => {
    await component('b', good, 'go 1.26.2');
    await component('a', good, 'go 1.9');
    await writeFile(join(root, 'sandboxes/components/README.md'), '');
    expect((await readComponents(root)).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(await oldestGo(root)).toEqual([1, 26, 2]);
  });

  it('of this checkout can be read, and say where their programs will be', async () => {
    const flannel = await planComponent(checkout, 'flannel');
    expect(flannel.programs).toEqual(['/usr/local/bin/flanneld']);
    expect(flannel.tree).toBe(join(checkout, `build/cache/component-flannel-${flannel.key}/tree`));
  });
});
