// What goes in and out of the emulated PC: the ports of its virtio console (0 and 1 are the reader's terminals, 2 the agent, 3
// the tap), its NIC, and its serial line, on which the kernel says when it has halted or panicked.
import type { FromMachine, ToMachine } from '../thread/messages.ts';
import { GuestPort } from './guest-ports.ts';
import { InputQueue } from './input-queue.ts';
import { OutputBuffer } from './output-buffer.ts';
import { watchPort } from './port-events.ts';
import type { Emulator } from './v86-internals.ts';

const consoleCount = 2;
const agentPort = 2;
const tapPort = 3;
// A generic port, not a console (VIRTIO_CONSOLE_CONSOLE_PORT): written 32 KiB at a time, without a tty in between.
const consolePortEvent = 4;
/** Bytes that may wait for the guest's NIC; what comes then is lost, as from the full queue of a switch. */
const nicCapacity = 4 * 1024 * 1024;

export interface WiringEvents {
  /** ms since the epoch, by a clock that is the same in all threads of the process and never stands. */
  realTime(): number;
  post(message: FromMachine, transfer?: ArrayBuffer[]): void;
  /** The guest's kernel has halted the machine. */
  halted(): void;
  /** It has panicked; what it said. */
  panicked(words: string): void;
}

export class Wiring {
  readonly #emulator: Emulator;
  readonly #events: WiringEvents;
  readonly #ports: GuestPort[] = [];
  readonly #outputs: OutputBuffer[] = [];
  readonly #nic: InputQueue;
  #agentText = '';
  #agentClosed = false;
  #serial = '';
  #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  constructor(emulator: Emulator, events: WiringEvents) {
    this.#emulator = emulator;
    this.#events = events;
    const { virtio_console: console, virtio_net: nic } = emulator.v86.cpu.devices;
    const sendEvent = console.SendEvent.bind(console);
    console.SendEvent = (port, event, value) => {
      if (event === consolePortEvent && port >= consoleCount) return;
      sendEvent(port, event, value);
    };
    watchPort(console, agentPort, (open) => {
      this.#agentClosed = !open;
    });
    for (let port = 0; port < 4; port++) {
      const send = (bytes: Uint8Array) => emulator.bus.send(`virtio-console${port}-input-bytes`, bytes);
      this.#ports.push(new GuestPort(console, port, send));
      const output = new OutputBuffer();
      this.#outputs.push(output);
      emulator.add_listener(`virtio-console${port}-output-bytes`, (bytes: Uint8Array) => output.push(bytes));
    }
    this.#nic = new InputQueue(
      () => nic.virtio.queues[0],
      (frame) => emulator.bus.send('net0-receive', frame),
      nicCapacity,
    );
    emulator.add_listener('net0-send', (frame: Uint8Array) => {
      const bytes = frame.slice();
      events.post({ type: 'frame', bytes }, [bytes.buffer as ArrayBuffer]);
    });
    emulator.add_listener('serial0-output-byte', (byte: number) => this.#serialByte(byte));
  }

  /** Nothing is on its way between the guest and the page. */
  get quiet(): boolean {
    return (
      this.#agentText === '' &&
      this.#ports.every((port) => port.idle) &&
      this.#nic.idle &&
      this.#outputs.every((output) => output.empty)
    );
  }

  /** What is sent to the guest. */
  input(message: Extract<ToMachine, { type: 'console-input' | 'console-resize' | 'agent' | 'frame' }>): void {
    switch (message.type) {
      case 'console-input':
        this.#ports[message.console]?.write(message.bytes);
        break;
      case 'console-resize':
        // v86 writes the second of the two first; kernels read columns first, as the specification says, since the fix of
        // struct virtio_console_resize that Debian's 6.1 has (virtio 1.2, section 5.3.6.2).
        this.#emulator.bus.send(`virtio-console${message.console}-resize`, [message.rows, message.columns]);
        break;
      case 'agent':
        this.#ports[agentPort]?.write(this.#encoder.encode(`${message.line}\n`));
        break;
      case 'frame':
        this.#nic.push(message.bytes);
    }
  }

  /** Input of a command that the agent runs; resolves when the guest's kernel has taken it. */
  async feed(bytes: Uint8Array): Promise<void> {
    const port = this.#ports[agentPort];
    port?.write(bytes);
    await port?.drained();
  }

  setCarrier(up: boolean): void {
    const nic = this.#emulator.v86.cpu.devices.virtio_net;
    nic.status = up ? 1 : 0;
    nic.virtio.notify_config_changes();
  }

  /** To be called after each slice of the guest's time: what it printed in it goes out in one piece. */
  handOver(): void {
    const { post } = this.#events;
    this.#nic.pump();
    for (let console = 0; console < consoleCount; console++) {
      const bytes = this.#outputs[console]?.take();
      if (bytes !== undefined) post({ type: 'console-output', console, bytes }, [bytes.buffer as ArrayBuffer]);
    }
    const tap = this.#outputs[tapPort]?.take();
    if (tap !== undefined) post({ type: 'tap', bytes: tap, at: this.#events.realTime() }, [tap.buffer as ArrayBuffer]);
    const agent = this.#outputs[agentPort]?.take();
    if (agent !== undefined) this.#agentLines(agent);
    if (this.#agentClosed) post({ type: 'agent-closed' });
    this.#agentClosed = false;
  }

  /** What waited, or was half printed, belonged to what is no more. */
  drop(): void {
    for (const port of this.#ports) port.dispose();
    this.#nic.dispose();
    for (const output of this.#outputs) output.take();
    this.#agentText = '';
    // Half a character of it may wait in there.
    this.#decoder = new TextDecoder();
    this.#agentClosed = false;
    this.#serial = '';
  }

  #agentLines(bytes: Uint8Array): void {
    const [first = '', ...others] = this.#decoder.decode(bytes, { stream: true }).split('\n');
    // A guest that writes without end and without a line break is not our agent; what it wrote is not looked through again with each piece.
    if (this.#agentText.length < 32 * 1024 * 1024) this.#agentText += first;
    for (const line of others) {
      this.#events.post({ type: 'agent', line: this.#agentText });
      this.#agentText = line;
    }
  }

  #serialByte(byte: number): void {
    this.#serial = (this.#serial + String.fromCharCode(byte)).slice(-4000);
    if (byte !== 10) return;
    const line = this.#serial.slice(this.#serial.lastIndexOf('\n', this.#serial.length - 2) + 1).trimEnd();
    this.#events.post({ type: 'serial', line });
    if (/reboot: System halted/.test(line)) this.#events.halted();
    // The kernel ends what it says with "---[ end Kernel panic - not syncing: … ]---" (kernel/panic.c): that is no other panic.
    const panic = /(?<!end )Kernel panic - not syncing: ?(.*)/.exec(line);
    if (panic !== null) this.#events.panicked((panic[1] ?? '').trim() || 'it did not say why');
  }
}
