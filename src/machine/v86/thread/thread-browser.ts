import wasmUrl from 'v86/build/v86.wasm?url';
import type { FromMachine } from './messages.ts';
import type { Thread } from './thread.ts';

export function browserThread(): Thread {
  const worker = new Worker(new URL('./worker-browser.ts', import.meta.url), {
    type: 'module',
    name: 'lockstep machine',
  });
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) =>
      worker.addEventListener('message', ({ data }: MessageEvent<FromMachine>) => listener(data)),
    onError: (listener) => {
      worker.addEventListener('error', (event) => listener(event.message || 'its script could not be loaded'));
      worker.addEventListener('messageerror', () => listener('a message could not be read'));
    },
    terminate: () => worker.terminate(),
  };
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** The emulator, compiled once for all machines of the page. */
export function browserWasm(): Promise<WebAssembly.Module> {
  compiled ??= compile();
  compiled.catch(() => {
    // A download that failed can be tried again.
    compiled = undefined;
  });
  return compiled;
}

async function compile(): Promise<WebAssembly.Module> {
  const response = await fetch(wasmUrl);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  try {
    return await WebAssembly.compileStreaming(response.clone());
  } catch {
    // A server that does not know application/wasm.
    return WebAssembly.compile(await response.arrayBuffer());
  }
}
