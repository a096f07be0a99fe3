// One emulated PC from its first moment on: started from its snapshot or from power-on, frozen and let go on, switched off and
// on again, reset by its own kernel.
import { bytesOf, chunksBeforeStart, identityText } from '../manifest.ts';
import { allChunks, namedChunks } from '../storage/all-chunks.ts';
import type { ChunkKeeper } from '../storage/chunk-keeper.ts';
import { MachineError } from '../storage/chunk-store.ts';
import { chunkedSource, Disk } from '../storage/disk.ts';
import { pageBytes } from '../storage/ram-layers.ts';
import type { SavedState, StartMachine } from '../thread/messages.ts';
import { createEmulator, engineVersion } from './emulator.ts';
import type { EngineHost } from './engine-host.ts';
import { runsKernel } from './hand-over.ts';
import { loadRam } from './load-ram.ts';
import { withoutRam } from './memory-moments.ts';
import { installScheduler, type Scheduler } from './scheduler.ts';
import type { Emulator } from './v86-internals.ts';
import { Wiring } from './wiring.ts';

// Pieces of the disk fetched ahead, about 2 MB: of each, a command reads a few kilobytes, and may as well wait for them.
const prefetchedPieces = 24;

/** What there is once the emulator has been made. */
export interface Hardware {
  readonly emulator: Emulator;
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly wiring: Wiring;
}

export class Power {
  readonly #host: EngineHost;
  readonly #fail: (error: unknown) => void;
  #hardware: Hardware | undefined;
  /** What it was a moment after it had been switched on; for one that is being built. */
  #boot: SavedState | null = null;
  /** Memory and devices are as they should be: it can run. */
  #on = false;
  /** Time is to stand in it, now or as soon as there is time. */
  #frozen = false;
  /** Counts how often it was switched on and off. */
  #turn = 0;
  #onSlice = () => {};
  #powerOn: () => Promise<void> = async () => {
    throw new MachineError('worker-gone', 'A machine that is being built cannot be switched on again.');
  };

  /** @param fail for what goes wrong when nobody waits */
  constructor(host: EngineHost, fail: (error: unknown) => void) {
    this.#host = host;
    this.#fail = fail;
  }

  get hardware(): Hardware | undefined {
    return this.#hardware;
  }

  /** Off, or about to be another machine: what is sent to it now would be written into memory that is nobody's. */
  get dark(): boolean {
    return !this.#on;
  }

  get boot(): SavedState | null {
    return this.#boot;
  }

  async start(start: StartMachine, wasm: WebAssembly.Module): Promise<void> {
    if (start.from === 'power-on') await this.#switchOn(start, wasm);
    else await this.#restore(start, wasm);
    this.#host.post({ type: 'running' });
  }

  /** Resolves when the processor and the clock stand; a machine that is loading will stand from its first moment on. */
  async freeze(): Promise<void> {
    this.#frozen = true;
    await this.stand();
  }

  async thaw(): Promise<void> {
    this.#frozen = false;
    await this.#run();
  }

  /** Stops the processor and the clock for a while. */
  async stand(): Promise<void> {
    await this.#hardware?.emulator.stop();
    this.#host.clock.hold();
  }

  /** Lets a machine that stands run for so many real ms. */
  async runFor(milliseconds: number): Promise<void> {
    this.#host.clock.release();
    await this.#hardware?.emulator.run();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await this.stand();
  }

  async off(): Promise<void> {
    // Whoever is switching it on stops doing so.
    this.#turn++;
    this.#on = false;
    this.#frozen = false;
    await this.stand();
  }

  /** Says 'running' when it is on. */
  on(): Promise<void> {
    this.#frozen = false;
    return this.#powerOn();
  }

  /** Its memory and devices are those of an earlier moment; it stands. */
  restored(clock: number): void {
    this.#host.clock.startAt(clock);
    this.#hardware?.wiring.drop();
    this.#on = true;
    this.#frozen = true;
  }

  async state(): Promise<SavedState> {
    const emulator = this.#hardware?.emulator;
    if (emulator === undefined) throw new MachineError('worker-gone', 'There is no machine to save.');
    const ram = emulator.v86.cpu.mem8.slice();
    return { ram, devices: new Uint8Array(await withoutRam(emulator)), clock: this.#host.clock.now() };
  }

  async #run(): Promise<void> {
    if (this.#frozen || !this.#on) return;
    this.#host.clock.release();
    await this.#hardware?.emulator.run();
  }

  async #switchOn(start: Extract<StartMachine, { from: 'power-on' }>, wasm: WebAssembly.Module): Promise<void> {
    const { openDisk, readFile } = this.#host;
    if (openDisk === undefined || readFile === undefined)
      throw new MachineError('download', 'A machine can only be started from its snapshot here.');
    const disk = new Disk(await openDisk(start.disk), this.#fail);
    const { emulator } = await this.#build(wasm, start.memory, disk, {
      bios: { buffer: await readFile(start.bios) },
      vga_bios: { buffer: await readFile(start.vgaBios) },
      bzimage: { buffer: await readFile(start.kernel) },
      initrd: { buffer: await readFile(start.initrd) },
      cmdline: start.commandLine,
    });
    const handedOver = new Promise<void>((resolve) => {
      this.#onSlice = () => {
        if (runsKernel(emulator.v86.cpu)) resolve();
      };
    });
    await emulator.run();
    await handedOver;
    this.#onSlice = () => {};
    await emulator.stop();
    this.#boot = await this.state();
    this.#on = true;
    await this.#run();
  }

  async #restore(start: Extract<StartMachine, { from: 'snapshot' }>, wasm: WebAssembly.Module): Promise<void> {
    const { manifest, base } = start;
    if (manifest.engine !== engineVersion) {
      throw new MachineError(
        'mismatch',
        `The snapshot of ${manifest.name} was made with ${manifest.engine}, this page has ${engineVersion}. Reload the page; if that does not help, build the lab again (npm run build).`,
      );
    }
    const store = await this.#host.openStore(base);
    if (!(await store.digest(new TextEncoder().encode(identityText(manifest)))).startsWith(manifest.id)) {
      throw new MachineError(
        'mismatch',
        `The snapshot of ${manifest.name} and its disk do not belong together (${manifest.id}). Reload the page; if that does not help, build the lab again (npm run build).`,
      );
    }
    const keeper = await this.#keeper(start);
    const total = bytesOf(chunksBeforeStart(manifest));
    let done = 0;
    const tell = (bytes: number) => {
      done += bytes;
      this.#host.post({ type: 'progress', step: 'loading memory', done, total });
    };
    tell(0);
    const [devices, table] = await Promise.all([store.get(manifest.devices), store.get(manifest.disk.table)]);
    tell(manifest.devices.size + manifest.disk.table.size);
    const disk = new Disk(chunkedSource(manifest.disk, table, store), this.#fail);
    const { emulator, wiring } = await this.#build(wasm, manifest.memory, disk, {});
    // The memory of a new machine is zero already; writing zeros would only make the browser commit all of it.
    const cpu = emulator.v86.cpu;
    cpu.zero_memory = () => {};
    // Before the state: it is told when "now" is, and a guest that missed minutes kills services that seem to hang.
    this.#host.clock.hold();
    this.#host.clock.startAt(manifest.clock);
    await emulator.restore_state(devices.slice().buffer as ArrayBuffer);
    await loadRam(manifest.ram, cpu.mem8, store, tell);
    this.#on = true;
    await this.#run();
    void this.#prefetch(disk, manifest.disk.prefetch);
    keeper?.loaded(() => allChunks(manifest, table));
    this.#powerOn = async () => {
      const turn = ++this.#turn;
      this.#on = false;
      await emulator.stop();
      wiring.drop();
      this.#host.clock.hold();
      this.#host.clock.startAt(manifest.boot.clock);
      clearPages(cpu.mem8);
      cpu.jit_clear_cache();
      disk.forgetRequests();
      const state = await store.get(manifest.boot.devices);
      await emulator.restore_state(state.slice().buffer as ArrayBuffer);
      await loadRam(manifest.boot.ram, cpu.mem8, store, () => {});
      if (turn !== this.#turn) return;
      this.#on = true;
      await this.#run();
      this.#host.post({ type: 'running' });
    };
    cpu.reboot_internal = () => {
      this.#host.post({ type: 'rebooting' });
      this.#powerOn().catch(this.#fail);
    };
  }

  async #keeper({
    manifest,
    base,
    lab,
  }: Extract<StartMachine, { from: 'snapshot' }>): Promise<ChunkKeeper | undefined> {
    if (lab === undefined) return undefined;
    const { name, id: snapshot } = manifest;
    return this.#host.keepChunks?.({ base, lab, name, snapshot }, namedChunks(manifest));
  }

  /** What the first commands will read, fetched before anyone asks; a failure shows when it is really read. */
  async #prefetch(disk: Disk, pieces: readonly number[]): Promise<void> {
    for (const piece of pieces.slice(0, prefetchedPieces)) await disk.piece(piece).catch(() => {});
  }

  async #build(wasm: WebAssembly.Module, memory: number, disk: Disk, boot: Record<string, unknown>): Promise<Hardware> {
    const { post, soon, realNow } = this.#host;
    const emulator = await createEmulator(wasm, memory, disk, boot);
    emulator.v86.unregister_yield();
    const stop = (say: () => void) => {
      void this.off();
      say();
    };
    const wiring = new Wiring(emulator, {
      post,
      realTime: () => performance.timeOrigin + realNow(),
      halted: () => stop(() => post({ type: 'halted' })),
      panicked: (words) => stop(() => post({ type: 'panic', words })),
    });
    const scheduler = installScheduler(emulator.v86, soon, realNow, () => {
      this.#onSlice();
      wiring.handOver();
    });
    this.#hardware = { emulator, disk, scheduler, wiring };
    return this.#hardware;
  }
}

/** Memory that is zero is not written to: it may not be there yet, as far as the browser is concerned. */
function clearPages(memory: Uint8Array): void {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  const inPage = pageBytes / 4;
  for (let at = 0; at < words.length; at += inPage) {
    let any = 0;
    for (let i = at; i < at + inPage; i++) any |= words[i] as number;
    if (any !== 0) words.fill(0, at, at + inPage);
  }
}
