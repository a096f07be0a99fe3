// The small Docker images of the labs, as build contexts in the machine (/usr/lib/lockstep/docker/NAME): a Dockerfile and
// the root file system that it adds, made from the machine's own Debian packages. The machine's dockerd builds them.
import { chmod, cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { outputOf } from '../child.ts';
import type { BuildContext } from './context.ts';

export async function buildDockerContexts(ctx: BuildContext, root: string, work: string): Promise<void> {
  const recipes = join(ctx.root, 'sandboxes/image/docker');
  for (const name of await readdir(recipes)) {
    const tree = join(work, 'docker', name);
    await busyboxTree(ctx, root, tree);
    const recipe = join(recipes, name);
    const files = await readdir(recipe);
    if (files.includes('binaries.list')) {
      const lines = (await readFile(join(recipe, 'binaries.list'), 'utf8')).split('\n').filter(Boolean);
      for (const line of lines) {
        const [binary = '', target = join('bin', basename(binary))] = line.split(' ');
        await copyWithLibraries(ctx, root, tree, { binary, target });
      }
    }
    // Over all else.
    if (files.includes('root')) await cp(join(recipe, 'root'), tree, { recursive: true, force: true });
    if (files.includes('index.cgi')) {
      await mkdir(join(tree, 'www/cgi-bin'), { recursive: true });
      await cp(join(recipe, 'index.cgi'), join(tree, 'www/cgi-bin/index.cgi'));
      await chmod(join(tree, 'www/cgi-bin/index.cgi'), 0o755);
    }
    const target = join(root, 'usr/lib/lockstep/docker', name);
    await mkdir(target, { recursive: true });
    await cp(join(recipe, 'Dockerfile'), join(target, 'Dockerfile'));
    // One date for all files and sorted names: the same content gives the same bytes.
    await outputOf(
      'sh',
      ['-c', 'tar --sort=name --mtime=@0 --owner=0 --group=0 -cf - . | gzip -9n >"$0"', join(target, 'rootfs.tar.gz')],
      { signal: ctx.signal, cwd: tree },
    );
  }
}

async function busyboxTree(ctx: BuildContext, root: string, tree: string): Promise<void> {
  for (const folder of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'root', 'run', 'var'])
    await mkdir(join(tree, folder), { recursive: true });
  await chmod(join(tree, 'tmp'), 0o1777);
  await cp(join(root, 'bin/busybox'), join(tree, 'bin/busybox'));
  const applets = (await outputOf(join(root, 'bin/busybox'), ['--list'], { signal: ctx.signal }))
    .split('\n')
    .filter((applet) => applet !== '' && applet !== 'busybox');
  for (const applet of applets) await symlink('busybox', join(tree, 'bin', applet));
}

interface Copied {
  /** Path in the machine. */
  readonly binary: string;
  /** Path in the image. */
  readonly target: string;
}

/** Copies a program of the machine, and the shared libraries that its own loader names. */
async function copyWithLibraries(
  ctx: BuildContext,
  root: string,
  tree: string,
  { binary, target: place }: Copied,
): Promise<void> {
  const out = await outputOf('chroot', [root, 'ldd', binary], { signal: ctx.signal });
  const libraries = [...out.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
  for (const file of [binary, ...libraries]) {
    // usr-merge: /lib is a link in the machine; in the small image each file lies where the loader looks for it.
    const target = join(tree, file === binary ? place : file);
    await mkdir(dirname(target), { recursive: true });
    await cp(join(root, file), target, { dereference: true, force: true });
    await chmod(target, 0o755);
  }
}
