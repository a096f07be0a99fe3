// One emulated PC in one thread: the same code in a Web Worker and in Node's worker_threads.
// Ports of the virtio console: 0 and 1 are the reader's terminals, 2 the agent, 3 the tap.
import type { FailureReason } from '../../machine.ts';
import { bytesOf, chunksBeforeStart, identityText, type MachineManifest } from '../manifest.ts';
import { type ChunkStore, MachineError } from '../storage/chunk-store.ts';
import { chunkedSource, Disk, type DiskSource } from '../storage/disk.ts';
import type { PageStore } from '../storage/page-store.ts';
import { pageBytes } from '../storage/ram-layers.ts';
import type { FromMachine, SavedMachine, SavedState, StartMachine, ToMachine } from '../thread/messages.ts';
import { Checkpoints, withoutRam } from './checkpoints.ts';
import type { HoldableClock } from './clock.ts';
import { tuneCompiler } from './compiled-code.ts';
import { GuestPort } from './guest-ports.ts';
import { runsKernel } from './hand-over.ts';
import { InputQueue } from './input-queue.ts';
import { loadRam } from './load-ram.ts';
import { OutputBuffer } from './output-buffer.ts';
import { installScheduler, type Scheduler, type Soon } from './scheduler.ts';
import type { Emulator, EmulatorExports } from './v86-internals.ts';

export const engineVersion = 'v86 0.5.462';
export const consoleCount = 2;
const agentPort = 2;
const tapPort = 3;
// A generic port, not a console (VIRTIO_CONSOLE_CONSOLE_PORT): written 32 KiB at a time, without a tty in between.
const consolePortEvent = 4;
// Pieces of the disk fetched ahead, about 2 MB: of each, a command reads a few kilobytes, and may as well wait for them.
const prefetchedPieces = 24;
// Bytes that may wait for the guest's NIC; what comes then is lost, as from the full queue of a switch.
/** ms that a machine runs, at most so often, for what is under way to arrive before a checkpoint. */
const glimpse = 10;
const mostGlimpses = 50;
const nicCapacity = 4 * 1024 * 1024;

/** What a thread offers to the engine, in a browser and in Node. */
export interface EngineHost {
  readonly clock: HoldableClock;
  readonly realNow: () => number;
  readonly soon: Soon;
  post(message: FromMachine, transfer?: ArrayBuffer[]): void;
  openStore(base: string): Promise<ChunkStore>;
  /** Room for checkpoints. */
  openPages(): Promise<PageStore>;
  /** Node only: a file as the root disk of a machine that is started from power-on. */
  openDisk?(path: string): Promise<DiskSource>;
  readFile?(path: string): Promise<ArrayBuffer>;
}

export class Engine {
  readonly #host: EngineHost;
  #emulator: Emulator | undefined;
  #scheduler: Scheduler | undefined;
  #disk: Disk | undefined;
  #ports: GuestPort[] = [];
  #nic: InputQueue | undefined;
  #outputs: OutputBuffer[] = [];
  #agentText = '';
  #checkpoints: Checkpoints | undefined;
  #boot: SavedState | null = null;
  #onSlice = () => {};
  #powerOn: () => Promise<void> = async () => {
    throw new MachineError('worker-gone', 'A machine that is being built cannot be switched on again.');
  };
  /** What came before the machine ran. A device that gets input raises an interrupt, into memory that is not there yet. */
  #early: ToMachine[] | undefined = [];
  /** Without power: what is sent to it now would be written into memory that is about to be another one. */
  #dark = false;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  constructor(host: EngineHost) {
    this.#host = host;
  }

  async handle(message: ToMachine): Promise<void> {
    try {
      await this.#handle(message);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #handle(message: ToMachine): Promise<void> {
    if (this.#early !== undefined && message.type !== 'start' && message.type !== 'statistics') {
      this.#early.push(message);
      return;
    }
    if (this.#dark && isInput(message)) return;
    switch (message.type) {
      case 'start':
        return this.#start(message.start, message.wasm);
      case 'console-input':
        this.#ports[message.console]?.write(message.bytes);
        return this.#scheduler?.wake();
      case 'console-resize':
        // v86 writes the second of the two first; kernels read columns first, as the specification says, since the fix of
        // struct virtio_console_resize that Debian's 6.1 has (virtio 1.2, section 5.3.6.2).
        this.#emulator?.bus.send(`virtio-console${message.console}-resize`, [message.rows, message.columns]);
        return this.#scheduler?.wake();
      case 'agent':
        this.#ports[agentPort]?.write(this.#encoder.encode(`${message.line}\n`));
        return this.#scheduler?.wake();
      case 'frame':
        this.#nic?.push(message.bytes);
        return this.#scheduler?.wake();
      case 'carrier':
        return this.#setCarrier(message.up);
      case 'speed':
        this.#host.clock.setSpeed(message.speed);
        this.#scheduler?.setSpeed(message.speed);
        return this.#scheduler?.wake();
      case 'freeze':
        await this.#emulator?.stop();
        this.#host.clock.hold();
        return this.#host.post({ type: 'answer', id: message.id });
      case 'thaw':
        this.#host.clock.release();
        await this.#emulator?.run();
        return this.#host.post({ type: 'answer', id: message.id });
      case 'save': {
        const state = await this.#save();
        return this.#host.post({ type: 'saved', id: message.id, state }, [
          state.ram.buffer as ArrayBuffer,
          state.devices.buffer as ArrayBuffer,
        ]);
      }
      case 'power-off':
        this.#dark = true;
        await this.#emulator?.stop();
        this.#host.clock.hold();
        return this.#host.post({ type: 'answer', id: message.id });
      case 'power-on':
        return this.#powerOn();
      case 'checkpoint':
        return this.#done(message.id, () => this.#checkpoint(message.checkpoint));
      case 'go-back':
        return this.#done(message.id, () => this.#goBack(message.checkpoint));
      case 'forget-checkpoint':
        return this.#checkpoints?.forget(message.checkpoint);
      case 'statistics':
        return this.#host.post({
          type: 'statistics',
          id: message.id,
          statistics: {
            busyMs: this.#scheduler?.busy() ?? 0,
            slices: this.#scheduler?.slices() ?? 0,
            diskPiecesRead: this.#disk?.touched.size ?? 0,
            diskBlocksWritten: this.#disk?.written.size ?? 0,
          },
        });
    }
  }

  async #start(start: StartMachine, wasm: WebAssembly.Module): Promise<void> {
    if (start.from === 'power-on') {
      const { openDisk, readFile } = this.#host;
      if (openDisk === undefined || readFile === undefined)
        throw new MachineError('download', 'A machine can only be started from its snapshot here.');
      this.#disk = new Disk(await openDisk(start.disk), (error) => this.#fail(error));
      const emulator = await this.#create(wasm, start.memory, {
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
      this.#boot = await this.#state(emulator);
      await emulator.run();
    } else {
      await this.#restore(start.manifest, start.base, wasm);
    }
    this.#host.post({ type: 'running' });
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) await this.#handle(message);
  }

  async #restore(manifest: MachineManifest, base: string, wasm: WebAssembly.Module): Promise<void> {
    if (manifest.engine !== engineVersion) {
      throw new MachineError(
        'mismatch',
        `The snapshot of ${manifest.name} was made with ${manifest.engine}, this page has ${engineVersion}. Reload the page; if that does not help, build the lab again (npm run build).`,
      );
    }
    const store = await this.#host.openStore(base);
    if (!(await store.digest(this.#encoder.encode(identityText(manifest)))).startsWith(manifest.id)) {
      throw new MachineError(
        'mismatch',
        `The snapshot of ${manifest.name} and its disk do not belong together (${manifest.id}). Reload the page; if that does not help, build the lab again (npm run build).`,
      );
    }
    const total = bytesOf(chunksBeforeStart(manifest));
    let done = 0;
    const tell = (bytes: number) => {
      done += bytes;
      this.#host.post({ type: 'progress', step: 'loading memory', done, total });
    };
    tell(0);
    const [devices, table] = await Promise.all([store.get(manifest.devices), store.get(manifest.disk.table)]);
    tell(manifest.devices.size + manifest.disk.table.size);
    const disk = new Disk(chunkedSource(manifest.disk, table, store), (error) => this.#fail(error));
    this.#disk = disk;
    const emulator = await this.#create(wasm, manifest.memory, {});
    // The memory of a new machine is zero already; writing zeros would only make the browser commit all of it.
    const cpu = emulator.v86.cpu;
    cpu.zero_memory = () => {};
    // Before the state: it is told when "now" is, and a guest that missed minutes kills services that seem to hang.
    this.#host.clock.hold();
    this.#host.clock.startAt(manifest.clock);
    await emulator.restore_state(devices.slice().buffer as ArrayBuffer);
    await loadRam(manifest.ram, cpu.mem8, store, tell);
    this.#host.clock.release();
    await emulator.run();
    this.#prefetch(disk, manifest.disk.prefetch);
    this.#powerOn = async () => {
      this.#dark = true;
      await emulator.stop();
      this.#dropInput();
      this.#host.clock.hold();
      this.#host.clock.startAt(manifest.boot.clock);
      clearPages(cpu.mem8);
      cpu.jit_clear_cache();
      disk.forgetRequests();
      const state = await store.get(manifest.boot.devices);
      await emulator.restore_state(state.slice().buffer as ArrayBuffer);
      await loadRam(manifest.boot.ram, cpu.mem8, store, () => {});
      this.#dark = false;
      this.#host.clock.release();
      await emulator.run();
      this.#host.post({ type: 'running' });
    };
    cpu.reboot_internal = () => {
      this.#host.post({ type: 'rebooting' });
      this.#powerOn().catch((error) => this.#fail(error));
    };
  }

  /** What the first commands will read, fetched before anyone asks; a failure shows when it is really read. */
  async #prefetch(disk: Disk, pieces: readonly number[]): Promise<void> {
    for (const piece of pieces.slice(0, prefetchedPieces)) await disk.piece(piece).catch(() => {});
  }

  async #create(wasm: WebAssembly.Module, memory: number, boot: Record<string, unknown>): Promise<Emulator> {
    // Imported only now: v86 keeps performance.now as it finds it (see clock.ts).
    const { V86 } = await import('v86');
    let emulator: Emulator;
    let tune = () => {};
    try {
      emulator = new V86({
        wasm_fn: async (imports: WebAssembly.Imports) => {
          const { exports } = await WebAssembly.instantiate(wasm, imports);
          const table = imports['env']?.['__indirect_function_table'] as WebAssembly.Table;
          tune = () => tuneCompiler(exports as unknown as EmulatorExports, table);
          return exports;
        },
        memory_size: memory,
        vga_memory_size: 2 * 1024 * 1024,
        hda: this.#disk,
        acpi: false,
        virtio_console: true,
        net_device: { type: 'virtio' },
        disable_keyboard: true,
        disable_mouse: true,
        disable_speaker: true,
        autostart: false,
        ...boot,
      } as never) as unknown as Emulator;
    } catch (error) {
      throw new MachineError(
        'out-of-memory',
        `The emulator could not start with ${memory / 1048576} MB (${text(error)}). Close other tabs, then try again.`,
      );
    }
    await new Promise<void>((resolve, reject) => {
      emulator.add_listener('emulator-loaded', () => resolve());
      emulator.add_listener('download-error', () =>
        reject(new MachineError('download', 'The emulator could not load its own files. Try again.')),
      );
    });
    tune();
    this.#emulator = emulator;
    emulator.v86.unregister_yield();
    this.#scheduler = installScheduler(emulator.v86, this.#host.soon, this.#host.realNow, () => this.#afterSlice());
    this.#connect(emulator);
    return emulator;
  }

  #connect(emulator: Emulator): void {
    const device = emulator.v86.cpu.devices.virtio_console;
    const sendEvent = device.SendEvent.bind(device);
    device.SendEvent = (port, event, value) => {
      if (event === consolePortEvent && port >= consoleCount) return;
      sendEvent(port, event, value);
    };
    for (let port = 0; port < 4; port++) {
      this.#ports.push(
        new GuestPort(device, port, (bytes) => emulator.bus.send(`virtio-console${port}-input-bytes`, bytes)),
      );
      const output = new OutputBuffer();
      this.#outputs.push(output);
      emulator.add_listener(`virtio-console${port}-output-bytes`, (bytes: Uint8Array) => output.push(bytes));
    }
    const { virtio_net } = emulator.v86.cpu.devices;
    this.#nic = new InputQueue(
      () => virtio_net.virtio.queues[0],
      (frame) => emulator.bus.send('net0-receive', frame),
      nicCapacity,
    );
    emulator.add_listener('net0-send', (frame: Uint8Array) => {
      const bytes = frame.slice();
      this.#host.post({ type: 'frame', bytes }, [bytes.buffer as ArrayBuffer]);
    });
    let serial = '';
    emulator.add_listener('serial0-output-byte', (byte: number) => {
      serial = (serial + String.fromCharCode(byte)).slice(-4000);
      if (byte !== 10) return;
      const end = serial.lastIndexOf('\n', serial.length - 2) + 1;
      this.#host.post({ type: 'serial', line: serial.slice(end).trimEnd() });
      if (/reboot: System halted/.test(serial.slice(end))) {
        this.#dark = true;
        void emulator.stop();
        this.#host.clock.hold();
        this.#host.post({ type: 'halted' });
      }
      if (/Kernel panic - not syncing/.test(serial)) {
        const line = /Kernel panic - not syncing: ?(.*)/.exec(serial)?.[1] ?? '';
        this.#fail(
          new MachineError(
            'guest-panic',
            `The machine's kernel stopped: ${line.trim()}. Start it again: it goes back to its snapshot.`,
          ),
        );
      }
    });
  }

  #setCarrier(up: boolean): void {
    const nic = this.#emulator?.v86.cpu.devices.virtio_net;
    if (nic === undefined) return;
    nic.status = up ? 1 : 0;
    nic.virtio.notify_config_changes();
    this.#scheduler?.wake();
  }

  /** What the guest printed in this slice goes out in one piece. */
  #afterSlice(): void {
    this.#onSlice();
    this.#nic?.pump();
    for (let console = 0; console < consoleCount; console++) {
      const bytes = this.#outputs[console]?.take();
      if (bytes !== undefined)
        this.#host.post({ type: 'console-output', console, bytes }, [bytes.buffer as ArrayBuffer]);
    }
    const tap = this.#outputs[tapPort]?.take();
    if (tap !== undefined)
      this.#host.post({ type: 'tap', bytes: tap, at: this.#realTime() }, [tap.buffer as ArrayBuffer]);
    const agent = this.#outputs[agentPort]?.take();
    if (agent !== undefined) this.#agentLines(agent);
  }

  /** ms since the epoch: the same in all threads of a process, whatever this one's clock was set to. */
  #realTime(): number {
    return performance.timeOrigin + this.#host.realNow();
  }

  #agentLines(bytes: Uint8Array): void {
    const lines = (this.#agentText + this.#decoder.decode(bytes, { stream: true })).split('\n');
    // A guest that writes without end and without a line break is not our agent.
    this.#agentText = (lines.pop() ?? '').slice(-32 * 1024 * 1024);
    for (const line of lines) this.#host.post({ type: 'agent', line });
  }

  async #save(): Promise<SavedMachine> {
    const emulator = this.#emulator;
    const disk = this.#disk;
    if (emulator === undefined || disk === undefined)
      throw new MachineError('worker-gone', 'There is no machine to save.');
    await emulator.stop();
    this.#host.clock.hold();
    const state = await this.#state(emulator);
    return { ...state, written: disk.written, touched: [...disk.touched], boot: this.#boot };
  }

  async #state(emulator: Emulator): Promise<SavedState> {
    const ram = emulator.v86.cpu.mem8.slice();
    return { ram, devices: new Uint8Array(await withoutRam(emulator)), clock: this.#host.clock.now() };
  }

  async #done(id: number, work: () => Promise<void>): Promise<void> {
    let problem: string | null = null;
    try {
      await work();
    } catch (error) {
      problem = text(error);
    }
    this.#host.post({ type: 'done', id, problem });
  }

  /** Of a machine that stands. */
  async #checkpoint(id: number): Promise<void> {
    const emulator = this.#emulator;
    const disk = this.#disk;
    if (emulator === undefined || disk === undefined) throw new Error('the machine is off');
    // What is on its way between guest and page is in nobody's state: it is let through first.
    for (let left = mostGlimpses; left > 0 && !this.#isQuiet(); left--) {
      this.#host.clock.release();
      await emulator.run();
      await new Promise((resolve) => setTimeout(resolve, glimpse));
      await emulator.stop();
      this.#host.clock.hold();
    }
    if (!disk.idle) throw new Error('a part of its disk is still being downloaded: try again in a moment');
    this.#checkpoints ??= new Checkpoints(emulator, disk, await this.#host.openPages());
    await this.#checkpoints.take(id, this.#host.clock.now());
  }

  async #goBack(id: number): Promise<void> {
    await this.#emulator?.stop();
    this.#host.clock.hold();
    const clock = await this.#checkpoints?.goBackTo(id);
    if (clock === undefined || clock === null) throw new Error('it has no such checkpoint');
    this.#host.clock.startAt(clock);
    this.#dropInput();
    this.#dark = false;
  }

  /** What waited, or was half printed, belonged to what is no more. */
  #dropInput(): void {
    for (const port of this.#ports) port.dispose();
    this.#nic?.dispose();
    for (const output of this.#outputs) output.take();
    this.#agentText = '';
  }

  #isQuiet(): boolean {
    return (
      this.#agentText === '' &&
      this.#ports.every((port) => port.idle) &&
      this.#nic?.idle !== false &&
      this.#outputs.every((output) => output.empty) &&
      this.#disk?.idle !== false
    );
  }

  #fail(error: unknown): void {
    const known = error instanceof MachineError ? error : undefined;
    const reason: FailureReason = known?.reason ?? (isShortOfMemory(error) ? 'out-of-memory' : 'worker-gone');
    const message =
      known?.message ??
      (reason === 'out-of-memory'
        ? `There is not enough memory for this machine (${text(error)}). Close other tabs, then try again.`
        : `The emulator stopped: ${text(error)}. Start the machine again.`);
    this.#host.post({ type: 'failed', reason, message });
    void this.#emulator?.stop();
  }
}

function isInput({ type }: ToMachine): boolean {
  return type === 'console-input' || type === 'console-resize' || type === 'agent' || type === 'frame';
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

/** RangeErrors of V8, SpiderMonkey and JavaScriptCore for memory that cannot be had; a stack that is full is one, too. */
function isShortOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /memory|alloc|buffer/i.test(error.message);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
