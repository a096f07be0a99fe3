// For tests of a v86 machine's owner: its thread is stood in for by an object that says what a worker says.
import { toBase64 } from '../../src/basics/base64.ts';
import { LinkType } from '../../src/capture/link-type.ts';
import { pcapHeader } from '../../src/capture/pcap.ts';
import type { MachineManifest } from '../../src/machine/v86/manifest.ts';
import type { FromMachine, ToMachine } from '../../src/machine/v86/thread/messages.ts';
import type { Thread } from '../../src/machine/v86/thread/thread.ts';

/** An empty module: the magic and the version. */
export const emptyWasm = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

export class SpokenThread implements Thread {
  readonly posted: ToMachine[] = [];
  ended = false;
  /** What is asked is answered by itself, in the next turn of the event loop. */
  auto = false;
  say: (message: FromMachine) => void = () => {};
  die: (message: string) => void = () => {};

  post(message: ToMachine): void {
    this.posted.push(message);
    if (this.auto && 'id' in message) setImmediate(() => this.answerOne(message));
  }

  onMessage(listener: (message: FromMachine) => void): void {
    this.say = listener;
  }

  onError(listener: (message: string) => void): void {
    this.die = listener;
  }

  terminate(): void {
    this.ended = true;
  }

  lines(): string[] {
    return this.posted.flatMap((message) => (message.type === 'agent' ? [message.line] : []));
  }

  answerOne(message: Extract<ToMachine, { id: number }>): void {
    if (message.type === 'checkpoint' || message.type === 'go-back')
      this.say({ type: 'done', id: message.id, problem: null });
    else this.say({ type: 'answer', id: message.id });
  }

  /** Answers what was asked last under this type. */
  answer(type: 'freeze' | 'thaw'): void {
    const question = this.posted.findLast((message) => message.type === type);
    if (question === undefined || !('id' in question)) throw new Error(`nobody asked to ${type}`);
    this.answerOne(question);
  }
}

export const manifestOf = (name: string): MachineManifest => ({
  name,
  id: 'ab',
  engine: 'v86 0.5.462',
  memory: 1024,
  clock: 0,
  mac: '02:00:00:00:00:01',
  devices: { hash: '00', size: 1 },
  ram: { pieceBytes: 1024, layers: [] },
  boot: { clock: 0, devices: { hash: '00', size: 1 }, ram: { pieceBytes: 1024, layers: [] } },
  disk: { bytes: 0, pieceBytes: 4096, table: { hash: '00', size: 1 }, prefetch: [] },
  consoles: [toBase64(new TextEncoder().encode(`${name} login: `))],
  tapHeader: toBase64(pcapHeader(LinkType.LINUX_SLL2)),
});
