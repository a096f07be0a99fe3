import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyrightFile } from './go-licences.ts';

let source = '';
beforeEach(async () => {
  source = await mkdtemp(join(tmpdir(), 'lockstep-licences-'));
  const files = {
    'vendor/a.test/one/LICENSE': 'MIT\n',
    'vendor/a.test/one/licenses.go': 'package one',
    'vendor/a.test/one/inner/deep/COPYING.txt': 'BSD\n',
    'vendor/a.test/one/unused/LICENSE': 'of what is not compiled in\n',
    'vendor/b.test/two/LICENCE.md': 'MIT',
    'vendor/b.test/two/NOTICE': 'made by B',
    'vendor/c.test/three/three.go': 'package three',
    'x.patch': 'Two words are changed.\n\ndiff --git a/x b/x\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), text);
  }
});
afterEach(() => rm(source, { recursive: true }));

const one = { module: 'a.test/one', version: 'v1.0.0' };
const two = { path: 'b.test/two', module: 'b.test/two', version: 'v2.0.0' };
const standard = { path: 'net/http', module: '', version: '' };
const packages = [standard, two, { path: 'a.test/one/inner/deep', ...one }, { path: 'a.test/one/inner', ...one }];

it('has each licence once, with the modules and packages that are under it, and the changes', async () => {
  const text = await copyrightFile(source, packages, { name: 'x', cgo: true, patches: ['x.patch'] });
  const [head, changes, ...licences] = text.trim().split(`\n\n${'-'.repeat(80)}\n\n`);
  expect(head).toContain('sandboxes/components/x');
  expect(head).toContain('GNU C Library');
  expect(changes).toContain('Two words are changed.\n\ndiff --git a/x b/x');
  expect(licences).toEqual([
    'a.test/one v1.0.0\nb.test/two v2.0.0\n\nMIT',
    'a.test/one/inner/deep\n\nBSD',
    'b.test/two v2.0.0\n\nmade by B',
  ]);
  const plain = await copyrightFile(source, packages, { name: 'x', cgo: false, patches: [] });
  expect(plain).not.toMatch(/changed|GNU/);
});

it('refuses a module that has none', async () => {
  const three = { path: 'c.test/three', module: 'c.test/three', version: 'v3.0.0' };
  await expect(copyrightFile(source, [three], { name: 'x', cgo: false, patches: [] })).rejects.toThrow(
    'x: the module c.test/three v3.0.0 has no licence.',
  );
});
