// A lab's snapshot: its machines are started, from the image or as copies of another lab's, and made ready, joined by the
// lab's wires. They are saved at one moment, and cut into chunks. Then they are restored once, as a reader's browser will:
// that proves the snapshot, and shows which parts of the disk the first commands read.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toBase64 } from '../../basics/base64.ts';
import { createLab } from '../../lab/create-lab.ts';
import type { LabFile, LabMachine } from '../../lab/lab-file.ts';
import { LabOfMachines } from '../../lab/lab-of-machines.ts';
import { type LabManifest, manifestFormat, readManifest } from '../../lab/manifest.ts';
import { nodeDrivers } from '../../lab/node-drivers.ts';
import { type MachineManifest, planOf } from '../../machine/v86/manifest.ts';
import { readSetup } from '../../machine/v86/read-setup.ts';
import type { SavedMachine, StartMachine } from '../../machine/v86/thread/messages.ts';
import { nodeThread, nodeWasm } from '../../machine/v86/thread/thread-node.ts';
import { V86Machine } from '../../machine/v86/v86-machine.ts';
import { takenNote } from './cache/provide.ts';
import { provideLab } from './cache/shared-lab.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { buildComponents, type Component } from './components.ts';
import type { BuildContext } from './context.ts';
import { cutUp, hashesOf, type MachineLabels, type Origin } from './cut-up.ts';
import type { Image } from './image.ts';
import { inGuest } from './in-guest.ts';
import { componentsOf, labKey, originsOf } from './lab-keys.ts';
import { macOf, makeReady } from './make-ready.ts';
import { buildPaths } from './paths.ts';
import { readScript } from './provision.ts';
import { sourcesNote } from './sources-note.ts';

/** The file that names everything: written last, so that whoever finds it finds a whole lab. */
type StampedManifest = LabManifest & { readonly key: string };

/** @param image as `findImage` tells of it; @param makeImage sees to it that it is there, when a lab has to be built */
export async function buildSnapshot(
  lab: LabFile,
  image: Image,
  ctx: BuildContext,
  makeImage: () => Promise<unknown>,
): Promise<{ cached: boolean }> {
  const { cached } = await snapshotOf(lab, image, ctx, makeImage);
  if (!cached) await sweepChunks(buildPaths(ctx.root).siteAssets);
  return { cached };
}

async function snapshotOf(
  lab: LabFile,
  image: Image,
  ctx: BuildContext,
  makeImage: () => Promise<unknown>,
): Promise<{ manifest: StampedManifest; cached: boolean }> {
  const key = await labKey(ctx.root, lab);
  const origins = new Map<string, StampedManifest>();
  for (const origin of await originsOf(ctx.root, lab))
    origins.set(origin.id, (await snapshotOf(origin, image, ctx, makeImage)).manifest);
  const manifestPath = join(buildPaths(ctx.root).siteAssets, 'labs', lab.id, 'lab.json');
  const current = await currentManifest(manifestPath, lab.id, key);
  if (current !== null) {
    ctx.step(`lab ${lab.id}`).done('cached');
    return { manifest: current, cached: true };
  }
  const got = await provideLab(ctx, lab.id, key, async () => {
    // Copies of other labs' machines need it no more: what it is made of, those labs say.
    if (lab.machines.some(({ from }) => from === undefined)) await makeImage();
    await makeSnapshot(lab, key, image, origins, ctx, manifestPath);
  });
  if (got === 'taken') ctx.step(`lab ${lab.id}`).done(takenNote);
  const manifest = await currentManifest(manifestPath, lab.id, key);
  if (manifest === null) throw new Error(`${manifestPath} is gone. Was build/ deleted? Run the same command again.`);
  return { manifest, cached: false };
}

async function makeSnapshot(
  lab: LabFile,
  key: string,
  image: Image,
  origins: ReadonlyMap<string, StampedManifest>,
  ctx: BuildContext,
  manifestPath: string,
): Promise<void> {
  const has = await Promise.all(lab.machines.map((machine) => componentsOf(ctx.root, lab, machine)));
  const components = await buildComponents(
    ctx,
    has.flatMap((names) => [...names]),
  );
  const step = ctx.step(`lab ${lab.id}`);
  const folder = dirname(manifestPath);
  const builder = new LabBuilder({ lab, image, origins, components }, ctx, (fraction, detail) =>
    step.progress(fraction, detail),
  );
  const machines = (await builder.build()).map(planOf);
  const { title, wires } = lab;
  const manifest: StampedManifest = { format: manifestFormat, key, lab: lab.id, title, wires, machines };
  await mkdir(folder, { recursive: true });
  const [origin] = origins.keys();
  const packages = origin === undefined ? image.packages : join(dirname(folder), origin, 'packages.txt');
  await writeFile(join(folder, 'packages.txt'), await readFile(packages));
  await writeFile(join(folder, 'sources.txt'), await sourcesNote(components));
  await writeFile(`${manifestPath}.part`, JSON.stringify(manifest));
  await rename(`${manifestPath}.part`, manifestPath);
  step.done();
}

/** null also when it is of an older build, in another format. */
async function currentManifest(path: string, lab: string, key: string): Promise<StampedManifest | null> {
  try {
    const manifest = readManifest(lab, await readFile(path, 'utf8'));
    return manifest.key === key ? { ...manifest, key } : null;
  } catch {
    return null;
  }
}

interface LabParts {
  readonly lab: LabFile;
  readonly image: Image;
  readonly origins: ReadonlyMap<string, LabManifest>;
  /** Those that its machines have, from other labs or by their own names. */
  readonly components: readonly Component[];
}

class LabBuilder {
  readonly #lab: LabFile;
  readonly #image: Image;
  readonly #origins: ReadonlyMap<string, LabManifest>;
  readonly #components: readonly Component[];
  readonly #ctx: BuildContext;
  readonly #tell: (fraction: number, detail: string) => void;
  /** Folder that chunks/ lies in. */
  readonly #assets: string;
  /** By machine: the last lines of its kernel's console. */
  readonly #serial = new Map<string, string[]>();

  constructor(
    { lab, image, origins, components }: LabParts,
    ctx: BuildContext,
    tell: (fraction: number, detail: string) => void,
  ) {
    this.#lab = lab;
    this.#image = image;
    this.#origins = origins;
    this.#components = components;
    this.#ctx = ctx;
    this.#tell = tell;
    this.#assets = join(buildPaths(ctx.root).siteAssets, 'machine');
  }

  async build(): Promise<MachineManifest[]> {
    const parts = await this.#makeReady();
    const machines: MachineManifest[] = [];
    for (const [index, { saved, labels, origin }] of parts.entries()) {
      if ('disk' in origin) forgetCompressedKernel(saved.ram, await readFile(this.#image.kernel));
      const share = (fraction: number) => 0.58 + (0.3 * (index + fraction)) / parts.length;
      const detail = `${labels.name}: compressing memory and disk`;
      this.#tell(share(0), detail);
      const chunks = new ChunkWriter(this.#assets);
      machines.push(
        await cutUp(saved, labels, origin, this.#assets, chunks, (fraction) => this.#tell(share(fraction), detail)),
      );
    }
    this.#tell(0.9, 'restoring, as a browser will');
    return this.#rehearse(machines);
  }

  async #makeReady(): Promise<{ saved: SavedMachine; labels: MachineLabels; origin: Origin }[]> {
    const { id, title, wires } = this.#lab;
    const plans = this.#lab.machines.map((file) => ({ file, mac: macOf(id, file.name), origin: this.#origin(file) }));
    const machines = plans.map(({ file, origin }) => this.#machine(file, origin));
    const lab = new LabOfMachines(id, title, machines, wires);
    const cancel = () => void lab.dispose();
    const { signal } = this.#ctx;
    signal.addEventListener('abort', cancel, { once: true });
    let now = '';
    try {
      this.#tell(0.01, 'switching on');
      await lab.start();
      await makeReady(machines, {
        root: this.#ctx.root,
        lab: this.#lab,
        components: this.#components,
        signal,
        tell: (fraction, detail) => this.#tell(0.01 + 0.45 * fraction, detail),
        about: (machine) => {
          now = machine ?? machines.map(({ name }) => name).join(', ');
        },
      });
      await lab.freeze();
      const parts = [];
      for (const [index, machine] of machines.entries()) {
        const { file, mac, origin } = plans[index] as (typeof plans)[number];
        const consoles = machine.consoles.map((console) => {
          const shown: Uint8Array[] = [];
          console.onOutput((bytes) => shown.push(bytes))();
          return toBase64(Buffer.concat(shown));
        });
        const labels = { name: file.name, mac, consoles, tapHeader: toBase64(machine.tapHeader) };
        parts.push({ saved: await machine.save(), labels, origin });
        await machine.dispose();
      }
      return parts;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const said = (this.#serial.get(now) ?? [...this.#serial.values()].flat()).filter((line) => line !== '').slice(-8);
      throw new Error(
        `${now} of the lab ${id} could not be made ready: ${error instanceof Error ? error.message : error}\nIts kernel's console last said:\n${said.join('\n')}`,
      );
    } finally {
      signal.removeEventListener('abort', cancel);
      await lab.dispose();
    }
  }

  #origin({ name, from }: LabMachine): Origin {
    if (from === undefined) return { disk: this.#image.disk };
    const [lab = '', wanted = ''] = from.split('/');
    const there = this.#origins.get(lab)?.machines ?? [];
    const machine = there.find((other) => other.name === wanted);
    if (machine === undefined) {
      throw new Error(
        `The machine ${name} of the lab ${this.#lab.id} is made from "${from}", but ${lab} has no machine "${wanted}": it has ${there.map((other) => other.name).join(', ')}.`,
      );
    }
    return { machine: readSetup(machine) };
  }

  #machine(file: LabMachine, origin: Origin): V86Machine {
    const serial: string[] = [];
    this.#serial.set(file.name, serial);
    const start: StartMachine =
      'machine' in origin
        ? { from: 'snapshot', manifest: { ...origin.machine, name: file.name }, base: this.#assets }
        : {
            from: 'power-on',
            disk: origin.disk,
            kernel: this.#image.kernel,
            initrd: this.#image.initrd,
            bios: '/usr/share/seabios/bios.bin',
            vgaBios: '/usr/share/seabios/vgabios-stdvga.bin',
            memory: (file.memory ?? 0) * 1024 * 1024,
            mac: macOf(this.#lab.id, file.name),
            commandLine: kernelCommandLine(),
          };
    return new V86Machine({
      name: file.name,
      thread: nodeThread,
      wasm: nodeWasm,
      onSerial: (line) => serial.push(line),
      start,
    });
  }

  /**
   * Restores the lab, runs what readers run first, and adds the pieces of the disks that this read to those that the machine's
   * origin is known to read. One that has nothing to rehearse has to show only that it runs.
   */
  async #rehearse(machines: readonly MachineManifest[]): Promise<MachineManifest[]> {
    const { id, title, wires } = this.#lab;
    const lab = await createLab(
      { format: manifestFormat, lab: id, title, wires, machines: machines.map(planOf) },
      { base: this.#assets, drivers: nodeDrivers },
    );
    const cancel = () => void lab.dispose();
    this.#ctx.signal.addEventListener('abort', cancel, { once: true });
    try {
      await lab.start();
      const state = lab.state.value;
      if (state.kind === 'failed') throw new Error(state.message);
      const rehearsed: MachineManifest[] = [];
      for (const [index, machine] of (lab.machines as V86Machine[]).entries()) {
        const file = this.#lab.machines[index] as LabMachine;
        const origin = this.#origin(file);
        const known = 'machine' in origin ? origin.machine.disk.prefetch : [];
        const run = inGuest(machine, this.#ctx.signal);
        await run(file.warm?.run === undefined ? 'true' : await readScript(this.#ctx.root, this.#lab, file.warm.run));
        const { touched } = await machine.save();
        const manifest = machines[index] as MachineManifest;
        rehearsed.push({ ...manifest, disk: { ...manifest.disk, prefetch: [...new Set([...touched, ...known])] } });
      }
      return rehearsed;
    } finally {
      this.#ctx.signal.removeEventListener('abort', cancel);
      await lab.dispose();
    }
  }
}

/** Of every machine that is switched on. */
export function kernelCommandLine(): string {
  return [
    'console=ttyS0 quiet',
    // The time stamp counter is the emulator's clock: it never drifts, and can be stopped.
    'tsc=reliable nowatchdog',
    'mitigations=off random.trust_cpu=on cryptomgr.notests',
    'transparent_hugepage=never psi=0 init_on_alloc=0',
    'apparmor=0 selinux=0 lsm=capability audit=0',
    'net.ifnames=0 noresume',
  ].join(' ');
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

/** Deletes chunks that no lab names any more. */
async function sweepChunks(assets: string): Promise<void> {
  const machineAssets = join(assets, 'machine');
  const wanted = new Set<string>();
  for (const lab of await readdir(join(assets, 'labs'))) {
    const text = await readFile(join(assets, 'labs', lab, 'lab.json'), 'utf8').catch(() => null);
    if (text === null) continue;
    // Of an older build: it is about to be built again, and is not served until then.
    for (const machine of machinesOf(lab, text))
      for (const hash of await hashesOf(machine, machineAssets)) wanted.add(hash);
  }
  const chunks = join(machineAssets, 'chunks');
  for (const folder of await readdir(chunks)) {
    if (folder.startsWith('.')) {
      await rm(join(chunks, folder), { force: true });
      continue;
    }
    for (const file of await readdir(join(chunks, folder)))
      if (!wanted.has(file.replace(/\.zst$/, ''))) await rm(join(chunks, folder, file));
  }
}

function machinesOf(lab: string, text: string): readonly MachineManifest[] {
  try {
    return readManifest(lab, text).machines.map(readSetup);
  } catch {
    return [];
  }
}
