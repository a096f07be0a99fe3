// The machine image: a Debian root disk, its kernel and a small initramfs, from the recipe in sandboxes/image.
import { constants } from 'node:fs';
import { access, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { outputOf } from '../child.ts';
import { takenNote } from './cache/provide.ts';
import { provideFolder } from './cache/shared-folder.ts';
import { contentKey } from './content-key.ts';
import type { BuildContext } from './context.ts';
import { buildDockerContexts } from './docker-images.ts';
import { prelink } from './prelink.ts';

export interface Image {
  readonly key: string;
  readonly cached: boolean;
  /** Raw ext4 file system, sparse. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** Names and versions of all Debian packages, a line each. */
  readonly packages: string;
}

const recipe = 'sandboxes/image';
// What the image is made from; its README can be mended without building it again.
const parts = ['packages.list', 'dpkg.cfg', 'services-off.list', 'overlay', 'programs', 'initramfs', 'docker'];
// Room for a reader's own images and logs; what is not written costs nothing, neither on disk nor in the download.
const diskMegabytes = 2048;

// Of packages.txt, as dpkg-query says it.
const packageLine = `${['Package', 'Version', 'source:Package', 'source:Version'].map((field) => `\${${field}}`).join(' ')}\\n`;

/** The image as it is, or will be when it is built: its folder is named by the hash of everything that it is made from. */
export async function findImage(root: string): Promise<Image> {
  const key = await contentKey(root, [
    ...parts.map((part) => `${recipe}/${part}`),
    'src/cli/builder/image.ts',
    'src/cli/builder/docker-images.ts',
    'src/cli/builder/prelink.ts',
  ]);
  const folder = join(root, 'build/cache', `image-${key}`);
  return {
    key,
    cached: await exists(folder),
    disk: join(folder, 'root.ext4'),
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd'),
    packages: join(folder, 'packages.txt'),
  };
}

/** Builds the image, unless it is there. */
export async function buildImage(ctx: BuildContext): Promise<Image> {
  const image = await findImage(ctx.root);
  if (image.cached) {
    ctx.step('machine image').done('cached');
    return image;
  }
  const folder = dirname(image.disk);
  const got = await provideFolder(ctx, 'machine image', {
    folder,
    manner: 'link',
    build: () => makeImage(ctx, folder),
  });
  if (got === 'taken') ctx.step('machine image').done(takenNote);
  return image;
}

async function makeImage(ctx: BuildContext, folder: string): Promise<void> {
  const step = ctx.step('machine image');
  const work = join(ctx.root, 'build/tmp', `${basename(folder)}-${process.pid}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(join(work, 'out'), { recursive: true });
  try {
    const root = join(work, 'root');
    step.progress(0.01, 'installing Debian packages');
    await debian(ctx, work, root, (fraction, detail) => step.progress(0.01 + 0.75 * fraction, detail));
    step.progress(0.78, 'laying our files over it');
    await overlay(ctx, root);
    await compilePrograms(ctx, root);
    step.progress(0.81, 'relocating programs');
    await prelinkPrograms(ctx, root);
    step.progress(0.82, 'Docker images');
    await buildDockerContexts(ctx, root, work);
    step.progress(0.86, 'initramfs');
    await initramfs(ctx, root, work);
    step.progress(0.9, 'root disk');
    await outputOf(
      'mke2fs',
      [
        '-q',
        '-t',
        'ext4',
        '-b',
        '4096',
        '-L',
        'lockstep',
        '-m',
        '0',
        '-O',
        '^metadata_csum,^has_journal,^64bit',
        '-N',
        '65536',
        '-E',
        'hash_seed=6c6f636b-7374-6570-0000-000000000000,lazy_itable_init=0',
        '-U',
        '6c6f636b-7374-6570-0000-000000000001',
        '-d',
        root,
        join(work, 'out/root.ext4'),
        `${diskMegabytes}M`,
      ],
      { signal: ctx.signal },
    );
    // The folder takes its final name only when everything in it is whole: an interrupted build is never trusted.
    await mkdir(join(ctx.root, 'build/cache'), { recursive: true });
    await rename(join(work, 'out'), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  step.done();
}

/** mmdebstrap from the machine's own apt sources; when the security index is out of step with its mirror, without it. */
async function debian(
  ctx: BuildContext,
  work: string,
  root: string,
  tell: (fraction: number, detail: string) => void,
): Promise<void> {
  const packages = (await readFile(join(ctx.root, recipe, 'packages.list'), 'utf8'))
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean);
  const suites = await debianSuites();
  let lines = 0;
  const attempt = (withSecurity: boolean) =>
    outputOf(
      'mmdebstrap',
      [
        '--verbose',
        '--arch=i386',
        '--variant=minbase',
        '--skip=cleanup/reproducible',
        '--format=directory',
        `--dpkgopt=${join(ctx.root, recipe, 'dpkg.cfg')}`,
        '--aptopt=Apt::Install-Recommends "false"',
        `--include=${packages.join(',')}`,
        'bookworm',
        root,
        ...suites.filter((line) => withSecurity || !line.includes('-security')),
      ],
      {
        signal: ctx.signal,
        onLine: (line) => {
          lines++;
          const text = line.replace(/^I: /, '').trim();
          // mmdebstrap says no percentage; a whole run prints about 1500 lines.
          if (text !== '') tell(Math.min(0.98, lines / 1500), text.slice(0, 70));
        },
      },
    );
  try {
    await attempt(true);
  } catch (error) {
    if (ctx.signal.aborted || !String(error).includes('Packages')) throw error;
    tell(0, 'the security index is out of step with its mirror: building from the main suite');
    await rm(root, { recursive: true, force: true });
    lines = 0;
    await attempt(false);
  }
  await writeFile(
    join(work, 'out/packages.txt'),
    await outputOf('chroot', [root, 'dpkg-query', '-W', '-f', packageLine], { signal: ctx.signal }),
  );
}

/** The machine's own Debian mirror, or the public name when it is not a Debian machine. */
async function debianSuites(): Promise<string[]> {
  let mirror = 'http://deb.debian.org/debian';
  for (const file of ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources']) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const found = /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?:\/\/\S*\/debian)\/?(?:\s|$)/m.exec(text);
    if (found?.[1] !== undefined) {
      mirror = found[1];
      break;
    }
  }
  return [
    `deb ${mirror} bookworm main`,
    `deb ${mirror} bookworm-updates main`,
    `deb ${mirror}-security bookworm-security main`,
  ];
}

/** Each file of programs/ becomes a program beside the agent. Static: this computer's C library may be newer than the machine's. */
async function compilePrograms(ctx: BuildContext, root: string): Promise<void> {
  const sources = join(ctx.root, recipe, 'programs');
  for (const source of await readdir(sources)) {
    const program = join(root, 'usr/lib/lockstep', basename(source, '.c'));
    const flags = ['-std=c17', '-Os', '-static', '-s', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    await outputOf('i686-linux-gnu-gcc', [...flags, '-o', program, join(sources, source)], { signal: ctx.signal });
  }
}

async function overlay(ctx: BuildContext, root: string): Promise<void> {
  await cp(join(ctx.root, recipe, 'overlay'), root, { recursive: true });
  const off = (await readFile(join(ctx.root, recipe, 'services-off.list'), 'utf8'))
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter(Boolean);
  await outputOf('chroot', [root, 'systemctl', 'mask', ...off.filter((unit) => !unit.startsWith('disable '))], {
    signal: ctx.signal,
  });
  await outputOf(
    'chroot',
    [root, 'systemctl', 'disable', ...off.filter((unit) => unit.startsWith('disable ')).map((unit) => unit.slice(8))],
    { signal: ctx.signal },
  );
  await outputOf(
    'chroot',
    [
      root,
      'systemctl',
      'enable',
      'lockstep-disk.service',
      'lockstep-agent.service',
      'lockstep-tap.service',
      'lockstep-console@hvc0.service',
      'lockstep-console@hvc1.service',
    ],
    { signal: ctx.signal },
  );
  await outputOf('chroot', [root, 'systemctl', 'set-default', 'multi-user.target'], { signal: ctx.signal });
  await writeFile(join(root, 'etc/hostname'), 'lockstep\n');
  await writeFile(join(root, 'etc/fstab'), '/dev/sda / ext4 rw,noatime 0 0\n');
  await writeFile(join(root, 'etc/resolv.conf'), '');
  // Without a password and without a network out, root is the reader.
  await outputOf('chroot', [root, 'passwd', '-d', 'root'], { signal: ctx.signal });
  for (const folder of ['var/cache/apt', 'var/lib/apt/lists', 'var/cache/debconf', 'var/log/apt'])
    await rm(join(root, folder), { recursive: true, force: true });
  await mkdir(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
  await mkdir(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
}

/** Gives the large programs a fixed place, and starts each, to see that it still does. */
async function prelinkPrograms(ctx: BuildContext, root: string): Promise<void> {
  for (const folder of ['usr/bin', 'usr/sbin']) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(root, folder, entry.name);
      const moved = prelink(await readFile(path));
      if (moved === null) continue;
      await writeFile(path, moved);
      await outputOf('chroot', [root, `/${folder}/${entry.name}`, '--version'], { signal: ctx.signal });
    }
  }
}

/** Kernel and initramfs go beside the disk: the emulator starts them itself. */
async function initramfs(ctx: BuildContext, root: string, work: string): Promise<void> {
  const boot = await readdir(join(root, 'boot'));
  const kernel = boot.find((name) => name.startsWith('vmlinuz-'));
  if (kernel === undefined)
    throw new Error('The image has no kernel: linux-image-686 did not install. Look at build/tmp for its log.');
  const version = kernel.slice('vmlinuz-'.length);
  await cp(join(root, 'boot', kernel), join(work, 'out/vmlinuz'));
  await outputOf('chroot', [root, 'depmod', version], { signal: ctx.signal });

  const tree = join(work, 'initramfs');
  for (const folder of ['bin', 'dev', 'modules', 'root']) await mkdir(join(tree, folder), { recursive: true });
  await cp(join(root, 'bin/busybox'), join(tree, 'bin/busybox'));
  await cp(join(ctx.root, recipe, 'initramfs/init'), join(tree, 'init'));
  const wanted = (await readFile(join(ctx.root, recipe, 'initramfs/modules.list'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const files: string[] = [];
  for (const name of wanted) {
    const out = await outputOf('chroot', [root, 'modprobe', '-S', version, '--show-depends', name], {
      signal: ctx.signal,
    });
    for (const [, file] of out.matchAll(/^insmod (\S+)/gm)) {
      // crc32c-intel asks for SSE4.2, which the emulated processor does not have.
      if (file !== undefined && !file.includes('crc32c-intel') && !files.includes(file)) files.push(file);
    }
  }
  for (const [index, file] of files.entries()) {
    await cp(join(root, file), join(tree, 'modules', `${String(index).padStart(2, '0')}-${file.split('/').at(-1)}`));
  }
  await outputOf(
    'sh',
    [
      '-c',
      'bsdtar --format=newc --uid 0 --gid 0 -cf - init bin dev modules root | gzip -9n >"$0"',
      join(work, 'out/initrd'),
    ],
    { signal: ctx.signal, cwd: tree },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
