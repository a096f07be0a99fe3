// A thread that sends and gets Ethernet frames as a machine's does, over v86's own in-browser network (a BroadcastChannel
// between the threads, v86's src/browser/inbrowser_network.js) or over its owner, who has a wire.
import { parentPort } from 'node:worker_threads';

export type Via = 'broadcast' | 'wire';

export type ToFrameThread =
  /** Answers everything from now on. */
  | { readonly type: 'answer'; readonly via: Via; readonly channel: string }
  /** Sends `count` frames of `length` bytes, `window` of them unanswered at most, and says how long each took. */
  | {
      readonly type: 'send';
      readonly via: Via;
      readonly channel: string;
      readonly count: number;
      readonly length: number;
      readonly window: number;
    }
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  | { readonly type: 'end' };

export type FromFrameThread =
  | { readonly type: 'ready' }
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  | { readonly type: 'sent'; readonly ms: number; readonly roundTrips: readonly number[] };

const owner = parentPort;
if (owner === null) throw new Error('frame-thread.ts runs in a worker thread.');
const say = (message: FromFrameThread, transfer: ArrayBuffer[] = []): void => owner.postMessage(message, transfer);

let give: (frame: Uint8Array) => void = () => {};
let got: (frame: Uint8Array) => void = () => {};
let channel: BroadcastChannel | undefined;

function join(via: Via, name: string): void {
  if (via === 'wire') {
    give = (frame) => {
      const bytes = frame.slice();
      say({ type: 'frame', bytes }, [bytes.buffer]);
    };
    return;
  }
  const its = new BroadcastChannel(name);
  its.onmessage = ({ data }) => got(data as Uint8Array);
  give = (frame) => its.postMessage(frame);
  channel = its;
}

/** As v86's virtio_net hands it out: a part of a buffer that begins with twelve bytes for the driver. */
function frame(from: number, to: number, length: number, number: number): Uint8Array {
  const bytes = new Uint8Array(length + 12).subarray(12);
  bytes.set([2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x88, 0xb5]);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(14, number);
  return bytes;
}

function send(count: number, length: number, window: number): void {
  const sentAt: number[] = [];
  const roundTrips: number[] = [];
  const began = performance.now();
  const more = (): void => {
    while (sentAt.length < count && sentAt.length - roundTrips.length < window) {
      sentAt.push(performance.now());
      give(frame(1, 2, length, sentAt.length));
    }
  };
  got = () => {
    const now = performance.now();
    // Order is kept, so this is the answer to the oldest.
    roundTrips.push(now - (sentAt[roundTrips.length] ?? now));
    if (roundTrips.length === count) say({ type: 'sent', ms: now - began, roundTrips });
    else more();
  };
  more();
}

owner.on('message', (message: ToFrameThread) => {
  switch (message.type) {
    case 'frame':
      got(message.bytes);
      break;
    case 'answer':
      join(message.via, message.channel);
      got = () => give(frame(2, 1, 60, 0));
      say({ type: 'ready' });
      break;
    case 'send':
      join(message.via, message.channel);
      send(message.count, message.length, message.window);
      break;
    case 'end':
      channel?.close();
      owner.close();
  }
});
