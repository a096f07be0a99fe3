// A lab's snapshot: its machines are started from the image, made ready, saved, and cut into chunks. Then each is restored
// once, as a reader's browser will: that proves it, and shows which parts of the disk the first commands read.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabFile, LabMachine } from '../../lab/lab-file.ts';
import { base64 } from '../../machine/v86/agent-client.ts';
import { engineVersion } from '../../machine/v86/engine.ts';
import { type ChunkRef, identityText, type LabManifest, type MachineManifest } from '../../machine/v86/manifest.ts';
import type { SavedMachine } from '../../machine/v86/messages.ts';
import { nodeThread, nodeWasm } from '../../machine/v86/thread-node.ts';
import { V86Machine } from '../../machine/v86/v86-machine.ts';
import { ChunkWriter, inParallel } from './chunk-writer.ts';
import { contentKey } from './content-key.ts';
import type { BuildContext, BuildStep } from './context.ts';
import type { Image } from './image.ts';
import { buildPaths } from './paths.ts';
import { firstCommands, provision } from './provision.ts';

const diskPieceBytes = 256 * 1024;
const ramPieceBytes = 2 * 1024 * 1024;
const diskLevel = 12;
const ramLevel = 19;
const blockBytes = 4096;
// What the state of a machine depends on besides the image and the lab's own folder.
const sources = [
  'src/cli/build/snapshot.ts',
  'src/cli/build/provision.ts',
  'src/cli/build/chunk-writer.ts',
  'src/machine/v86/manifest.ts',
];

/** The file that names everything: written last, so that whoever finds it finds a whole lab. */
interface StampedManifest extends LabManifest {
  readonly key: string;
}

export async function buildSnapshot(lab: LabFile, image: Image, ctx: BuildContext): Promise<{ cached: boolean }> {
  const step = ctx.step('lab snapshot');
  const assets = buildPaths(ctx.root).siteAssets;
  const key = await contentKey(ctx.root, [`sandboxes/labs/${lab.id}`, ...sources], [image.key, engineVersion]);
  const folder = join(assets, 'labs', lab.id);
  const manifestPath = join(folder, 'lab.json');
  if (await isCurrent(manifestPath, key)) {
    step.done('cached');
    return { cached: true };
  }
  const machines: MachineManifest[] = [];
  for (const [index, machine] of lab.machines.entries()) {
    const share = 1 / lab.machines.length;
    machines.push(
      await buildMachine(ctx, lab, machine, image, join(assets, 'machine'), {
        progress: (fraction, detail) => step.progress((index + fraction) * share, `${machine.name}: ${detail ?? ''}`),
        done: () => {},
      }),
    );
  }
  const manifest: StampedManifest = { format: 1, key, lab: lab.id, title: lab.title, machines, wires: lab.wires };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'packages.txt'), await readFile(image.packages));
  await writeFile(join(folder, 'sources.txt'), await readFile(join(image.packages, '../sources.txt')));
  await writeFile(`${manifestPath}.part`, JSON.stringify(manifest));
  await rename(`${manifestPath}.part`, manifestPath);
  await sweepChunks(assets);
  step.done();
  return { cached: false };
}

async function isCurrent(path: string, key: string): Promise<boolean> {
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as StampedManifest).key === key;
  } catch {
    return false;
  }
}

async function buildMachine(
  ctx: BuildContext,
  lab: LabFile,
  machine: LabMachine,
  image: Image,
  assets: string,
  step: BuildStep,
): Promise<MachineManifest> {
  const mac = defaultMac(lab.id, machine.name);
  const serial: string[] = [];
  const builder = new V86Machine({
    name: machine.name,
    thread: nodeThread,
    wasm: nodeWasm,
    onSerial: (line) => serial.push(line),
    start: {
      from: 'power-on',
      disk: image.disk,
      kernel: image.kernel,
      initrd: image.initrd,
      bios: '/usr/share/seabios/bios.bin',
      vgaBios: '/usr/share/seabios/vgabios-stdvga.bin',
      memory: machine.memory * 1024 * 1024,
      mac,
      commandLine: kernelCommandLine(machine),
    },
  });
  const cancel = () => void builder.dispose();
  ctx.signal.addEventListener('abort', cancel, { once: true });
  try {
    step.progress(0.01, 'switching on');
    await builder.start();
    await provision(builder, machine, {
      root: ctx.root,
      lab: lab.id,
      mac,
      signal: ctx.signal,
      tell: (fraction, detail) => step.progress(0.01 + 0.55 * fraction, detail),
    });
    const consoles = builder.consoles.map((console) => {
      const parts: Uint8Array[] = [];
      console.onOutput((bytes) => parts.push(bytes))();
      return base64(Buffer.concat(parts));
    });
    const tapHeader = base64(builder.tapHeader);
    const saved = await builder.save();
    await builder.dispose();
    forgetCompressedKernel(saved.ram, await readFile(image.kernel));
    step.progress(0.58, 'compressing memory and disk');
    const manifest = await cutUp(saved, image, assets, { name: machine.name, mac, consoles, tapHeader }, (fraction) =>
      step.progress(0.58 + 0.3 * fraction, 'compressing memory and disk'),
    );
    step.progress(0.9, 'restoring it, as a browser will');
    return { ...manifest, disk: { ...manifest.disk, prefetch: await rehearse(manifest, assets, ctx.signal) } };
  } catch (error) {
    if (ctx.signal.aborted) throw ctx.signal.reason;
    const said = serial
      .filter((line) => line !== '')
      .slice(-8)
      .join('\n');
    throw new Error(
      `The machine ${machine.name} of the lab ${lab.id} could not be built: ${error instanceof Error ? error.message : error}\nIts kernel's console last said:\n${said}`,
    );
  } finally {
    ctx.signal.removeEventListener('abort', cancel);
    await builder.dispose();
  }
}

function kernelCommandLine(machine: LabMachine): string {
  return [
    'console=ttyS0 quiet',
    // The time stamp counter is the emulator's clock: it never drifts, and can be stopped.
    'tsc=reliable nowatchdog',
    'mitigations=off random.trust_cpu=on cryptomgr.notests',
    'transparent_hugepage=never psi=0 init_on_alloc=0',
    'apparmor=0 selinux=0 lsm=capability audit=0',
    'net.ifnames=0 noresume',
    `systemd.hostname=${machine.hostname ?? machine.name}`,
  ].join(' ');
}

/** A locally administered address that stays the same for this machine of this lab. */
export function defaultMac(lab: string, machine: string): string {
  const digest = createHash('sha256').update(`${lab}/${machine}`).digest();
  return ['02', ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/**
 * Where the boot loader had put the compressed kernel is free memory, and most of it as it was: nothing that compresses,
 * and nothing that anyone reads again. (Documentation/arch/x86/boot.rst: setup_sects; protected-mode code at 1 MiB.)
 */
function forgetCompressedKernel(ram: Uint8Array, kernel: Buffer): void {
  const code = kernel.subarray(((kernel[0x1f1] || 4) + 1) * 512);
  for (let at = 0; at + 4096 <= code.length; at += 4096) {
    const page = ram.subarray(0x100000 + at, 0x100000 + at + 4096);
    if (code.subarray(at, at + 4096).equals(page)) page.fill(0);
  }
}

async function cutUp(
  saved: SavedMachine,
  image: Image,
  assets: string,
  named: Pick<MachineManifest, 'name' | 'mac' | 'consoles' | 'tapHeader'>,
  tell: (fraction: number) => void,
): Promise<MachineManifest> {
  const chunks = new ChunkWriter(assets);
  const ramPieces = Math.ceil(saved.ram.length / ramPieceBytes);
  const ram: (ChunkRef | null)[] = new Array(ramPieces).fill(null);
  const disk = await open(image.disk, 'r');
  try {
    const bytes = (await disk.stat()).size;
    const diskPieces = Math.ceil(bytes / diskPieceBytes);
    const table = new Uint8Array(diskPieces * 20);
    const written = blocksByPiece(saved.written);
    let done = 0;
    const tick = (share: number, of: number) => {
      done += share / of;
      if (Math.floor(done * 100) !== Math.floor((done - share / of) * 100)) tell(done);
    };
    await inParallel(ramPieces, 3, async (index) => {
      ram[index] = await chunks.write(saved.ram.subarray(index * ramPieceBytes, (index + 1) * ramPieceBytes), ramLevel);
      tick(0.6, ramPieces);
    });
    await inParallel(diskPieces, 4, async (index) => {
      const piece = new Uint8Array(diskPieceBytes);
      await disk.read(piece, 0, diskPieceBytes, index * diskPieceBytes);
      for (const [block, content] of written.get(index) ?? [])
        piece.set(content, block * blockBytes - index * diskPieceBytes);
      const chunk = await chunks.write(piece, diskLevel);
      if (chunk !== null) {
        table.set(Buffer.from(chunk.hash, 'hex'), index * 20);
        new DataView(table.buffer).setUint32(index * 20 + 16, chunk.size, true);
      }
      tick(0.4, diskPieces);
    });
    const [devices, tableChunk] = [await chunks.write(saved.devices, 19), await chunks.write(table, 19)];
    if (devices === null || tableChunk === null) throw new Error('the saved state is empty');
    const manifest = {
      ...named,
      engine: engineVersion,
      memory: saved.ram.length,
      clock: saved.clock,
      devices,
      ram: { pieceBytes: ramPieceBytes, pieces: ram },
      disk: { bytes, pieceBytes: diskPieceBytes, table: tableChunk, prefetch: [] as number[] },
    };
    return { ...manifest, id: createHash('sha256').update(identityText(manifest)).digest('hex').slice(0, 32) };
  } finally {
    await disk.close();
  }
}

function blocksByPiece(written: ReadonlyMap<number, Uint8Array>): Map<number, [number, Uint8Array][]> {
  const pieces = new Map<number, [number, Uint8Array][]>();
  for (const [block, content] of written) {
    const piece = Math.floor((block * blockBytes) / diskPieceBytes);
    const list = pieces.get(piece) ?? [];
    list.push([block, content]);
    pieces.set(piece, list);
  }
  return pieces;
}

/** Restores the machine, runs what readers type first, and returns the pieces of the disk that this read. */
async function rehearse(manifest: MachineManifest, assets: string, signal: AbortSignal): Promise<number[]> {
  const machine = new V86Machine({
    name: manifest.name,
    thread: nodeThread,
    wasm: nodeWasm,
    start: { from: 'snapshot', manifest, base: assets },
  });
  const cancel = () => void machine.dispose();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    await machine.start();
    const state = machine.state.value;
    if (state.kind === 'failed') throw new Error(state.message);
    await firstCommands(machine);
    return [...(await machine.save()).touched];
  } finally {
    signal.removeEventListener('abort', cancel);
    await machine.dispose();
  }
}

/** Deletes chunks that no lab names any more. */
async function sweepChunks(assets: string): Promise<void> {
  const wanted = new Set<string>();
  for (const lab of await readdir(join(assets, 'labs'))) {
    const path = join(assets, 'labs', lab, 'lab.json');
    if (!existsSync(path)) continue;
    const { machines } = JSON.parse(await readFile(path, 'utf8')) as LabManifest;
    for (const machine of machines) {
      for (const piece of [machine.devices, machine.disk.table, ...machine.ram.pieces])
        if (piece !== null) wanted.add(piece.hash);
      for (const hash of await diskHashes(machine, assets)) wanted.add(hash);
    }
  }
  const chunks = join(assets, 'machine/chunks');
  for (const folder of await readdir(chunks)) {
    if (folder.startsWith('.')) {
      await rm(join(chunks, folder), { force: true });
      continue;
    }
    for (const file of await readdir(join(chunks, folder))) {
      if (!wanted.has(file.replace(/\.zst$/, ''))) await rm(join(chunks, folder, file));
    }
  }
}

async function diskHashes(machine: MachineManifest, assets: string): Promise<string[]> {
  const { zstdDecompressSync } = await import('node:zlib');
  const { chunkPath } = await import('../../machine/v86/chunk-store.ts');
  const { tableEntry } = await import('../../machine/v86/disk.ts');
  const table = zstdDecompressSync(await readFile(join(assets, 'machine', chunkPath(machine.disk.table.hash))));
  const hashes: string[] = [];
  for (let piece = 0; piece * machine.disk.pieceBytes < machine.disk.bytes; piece++) {
    const entry = tableEntry(table, piece);
    if (entry !== null) hashes.push(entry.hash);
  }
  return hashes;
}
