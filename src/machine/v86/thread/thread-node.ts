import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { FromMachine } from './messages.ts';
import type { Thread } from './thread.ts';

export function nodeThread(): Thread {
  const worker = new Worker(new URL('./worker-node.ts', import.meta.url));
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => worker.on('message', (message: FromMachine) => listener(message)),
    onError: (listener) => {
      worker.on('error', (error: Error) => listener(error.message));
      worker.on('exit', (code) => listener(`it left with status ${code}`));
    },
    terminate: () => void worker.terminate(),
  };
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** The emulator, compiled once for all machines of this process. */
export function nodeWasm(): Promise<WebAssembly.Module> {
  compiled ??= readFile(new URL(import.meta.resolve('v86').replace(/[^/]*$/, 'v86.wasm'))).then((bytes) =>
    WebAssembly.compile(bytes),
  );
  return compiled;
}
