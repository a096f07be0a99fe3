// The machine's thread in a page: a module worker.
import { openBrowserStore } from './browser-store.ts';
import { installClock } from './clock.ts';
import { Engine } from './engine.ts';
import type { FromMachine, ToMachine } from './messages.ts';

const realNow = performance.now.bind(performance);
const clock = installClock();
const post = (message: FromMachine, transfer: ArrayBuffer[] = []) => postMessage(message, { transfer });

const engine = new Engine({
  clock,
  realNow,
  post,
  soon: (callback) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = callback;
    return {
      call: () => channel.port2.postMessage(0),
      dispose: () => {
        channel.port1.close();
        channel.port2.close();
      },
    };
  },
  openStore: (base) => openBrowserStore(base, () => post({ type: 'storage-full' })),
});

addEventListener('message', ({ data }: MessageEvent<ToMachine>) => void engine.handle(data));
addEventListener('unhandledrejection', (event) => {
  throw event.reason;
});
