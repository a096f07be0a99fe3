// A folder of this computer, put into a machine that runs. It goes in as a tar through the agent's port, which carries bytes as
// they are; of the ways there are, this was the quickest that leaves nothing changed in the machine: 15 to 23 MB/s on
// a computer where a terminal in raw mode takes 7.5, and the tap's port would need a new tcpdump, which a reader had to download.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { V86Machine } from '../../machine/v86/v86-machine.ts';
import { inGuestWithInput } from './in-guest.ts';

export interface PutTreeOptions {
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly tell?: (fraction: number) => void;
}

/**
 * Puts the files and links below `tree` at the same paths below the machine's root. They belong to root there, can be read by
 * all, and are on the machine's disk but not in its page cache when this resolves. Every file is compared with the original.
 *
 * @throws Error that says what the machine said of it: no room, or which files arrived damaged. The machine is of no use then.
 */
export async function putTree(
  machine: V86Machine,
  tree: string,
  { signal, tell = () => {} }: PutTreeOptions,
): Promise<void> {
  const files = await filesOf(tree);
  if (files.length === 0) return;
  // The size has to be known first. Packing twice takes less time than a copy on this computer's disk.
  let bytes = 0;
  for await (const piece of packed(tree, files, signal)) bytes += piece.length;
  let sent = 0;
  const pieces = (async function* () {
    for await (const piece of packed(tree, files, signal)) {
      yield piece;
      sent += piece.length;
      tell(sent / bytes);
    }
  })();
  try {
    await inGuestWithInput(machine, unpack(await checksums(tree, files)), { bytes, pieces }, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(
      `${tree} (${Math.ceil(bytes / 1e6)} MB) could not be put into ${machine.name}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Paths below `tree` of everything that is no folder, sorted; folders come with what is in them. */
async function filesOf(tree: string): Promise<{ readonly path: string; readonly isLink: boolean }[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => ({
      path: join(entry.parentPath, entry.name).slice(tree.length + 1),
      isLink: entry.isSymbolicLink(),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

type Files = Awaited<ReturnType<typeof filesOf>>;

/** The same files give the same bytes: nobody's user, no dates. */
async function* packed(tree: string, files: Files, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const args = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u+rw,go-w,a+rX'];
  const child = spawn('tar', [...args, '-C', tree, '--null', '-T', '-', '-cf', '-'], { signal });
  let words = '';
  child.stderr.on('data', (text) => {
    words += text;
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`tar: ${words.trim()}`))));
  });
  // Whoever waits for it below hears of it; nobody else is to.
  ended.catch(() => {});
  child.stdin.on('error', () => {});
  child.stdin.end(files.map(({ path }) => `${path}\0`).join(''));
  yield* child.stdout as AsyncIterable<Uint8Array>;
  await ended;
}

/**
 * As md5sum prints them. What they are to find is a fault of the way, not a forger; SHA-256 would take the emulated processor
 * longer than the way itself.
 */
async function checksums(tree: string, files: Files): Promise<string> {
  const lines = [];
  for (const { path } of files.filter(({ isLink }) => !isLink)) {
    const hash = createHash('md5').update(await readFile(join(tree, path)));
    lines.push(`${hash.digest('hex')}  ${path}`);
  }
  return lines.join('\n');
}

// Page cache belongs to the cgroup that first read or wrote it. In one of its own, with little memory, the copying takes none of
// what is there, and goes over the same few pages again and again; in the end they are given back.
const cgroup = '/sys/fs/cgroup/lockstep-put';

const unpack = (sums: string): string => `set -e
  old=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  mkdir -p ${cgroup}
  echo 32M >${cgroup}/memory.max
  echo $$ >${cgroup}/cgroup.procs
  cd /
  # -m: with the date of now. Folders that are there stay as they are.
  tar -x -m --no-overwrite-dir -f - || {
    echo "$(df --output=avail -BM / | tail -1 | tr -dc 0-9) MB are left on its disk" >&2
    exit 1
  }
  sync
  for try in 1 2 3 4; do echo 300M >${cgroup}/memory.reclaim || true; done 2>/dev/null
  md5sum -c --quiet --strict >&2 <<'END'
${sums}
END
  for try in 1 2 3 4; do echo 300M >${cgroup}/memory.reclaim || true; done 2>/dev/null
  echo $$ >$old/cgroup.procs
  rmdir ${cgroup}`;
