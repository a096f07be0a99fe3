// The engine over an emulator that only notes whether it runs: no state of v86 is needed for the order of things.
import { expect, test, vi } from 'vitest';
import type { FromMachine } from '../thread/messages.ts';

const made: { running: boolean; cpu: Record<string, unknown>; listeners: Map<string, (v: never) => void> }[] = [];
vi.mock('./emulator.ts', async (original) => ({
  ...(await original<object>()),
  createEmulator: async () => {
    const listeners = new Map<string, (v: never) => void>();
    const queue = () => ({
      is_configured: () => false,
      has_request: () => false,
      pop_request: () => ({ get_next_blob: () => 0 }),
    });
    const cpu: Record<string, unknown> = {
      mem8: new Uint8Array(8192),
      jit_clear_cache: () => {},
      zero_memory: () => {},
      devices: {
        virtio_console: { SendEvent: () => {}, virtio: { queues: Array.from({ length: 10 }, queue) } },
        virtio_net: { virtio: { queues: [queue()], notify_config_changes: () => {} } },
      },
    };
    const emulator = {
      running: false,
      cpu,
      listeners,
      bus: { send: () => {} },
      add_listener: (n: string, f: (v: never) => void) => listeners.set(n, f),
      v86: { cpu, unregister_yield: () => {}, yield: () => {}, yield_callback: () => {} },
      run: async () => {
        await null;
        emulator.running = true;
      },
      stop: async () => {
        await null;
        emulator.running = false;
      },
      restore_state: async () => {},
      save_state: async () => new ArrayBuffer(8),
    };
    made.push(emulator);
    return emulator;
  },
}));
vi.mock('./load-ram.ts', () => ({
  loadRam: async () => {
    await new Promise((r) => setTimeout(r, 20));
  },
}));
vi.mock('../storage/disk.ts', () => ({
  chunkedSource: () => ({}),
  Disk: class {
    forgetRequests() {}
    piece = async () => {};
    idle = true;
    mark() {
      return {};
    }
    goBackTo() {}
    touched = new Set();
    written = new Map();
  },
}));

const { Engine } = await import('./engine.ts');
const wasm = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
const chunk = { hash: '00', size: 1 };
const manifest = {
  name: 'h',
  id: 'ab',
  engine: 'v86 0.5.462',
  memory: 8192,
  clock: 0,
  mac: '',
  devices: chunk,
  ram: { pieceBytes: 4096, layers: [] },
  boot: { clock: 0, devices: chunk, ram: { pieceBytes: 4096, layers: [] } },
  disk: { bytes: 0, pieceBytes: 4096, table: chunk, prefetch: [] },
  consoles: [],
  tapHeader: '',
};
async function engine() {
  made.length = 0;
  const posted: FromMachine[] = [];
  const host = {
    post: (m: FromMachine) => void posted.push(m),
    soon: () => ({ call() {}, dispose() {} }),
    realNow: () => performance.now(),
    clock: { hold() {}, release() {}, startAt() {}, setSpeed() {}, now: () => 0 },
    openStore: async () => ({ digest: async () => 'abcd', get: async () => new Uint8Array(8) }),
    openPages: async () => ({ add: () => 0, read: () => {}, dispose: () => {} }),
  };
  const e = new Engine(host as never);
  await e.handle({ type: 'start', start: { from: 'snapshot', manifest, base: '/' } as never, wasm });
  return { e, posted, emulator: made[0] as (typeof made)[number] };
}
const serial = (emulator: (typeof made)[number], text: string) => {
  for (const b of Buffer.from(text)) emulator.listeners.get('serial0-output-byte')?.(b as never);
};
const settle = () => new Promise((r) => setTimeout(r, 60));

test('starts', async () => {
  const { posted, emulator } = await engine();
  expect(posted.at(-1)).toEqual({ type: 'running' });
  expect(emulator.running).toBe(true);
});
test.each(['reboot: System halted\n', 'Kernel panic - not syncing: x\n'])(
  'freeze that was on its way when the kernel said %j: switched on again, it runs',
  async (line) => {
    const { e, posted, emulator } = await engine();
    serial(emulator, line);
    await e.handle({ type: 'freeze', id: 1 });
    await settle();
    await e.handle({ type: 'power-on' });
    await settle();
    expect(posted.at(-1)).toEqual({ type: 'running' });
    expect(emulator.running).toBe(true);
  },
);
test('power-off that was on its way when the kernel reset the machine', async () => {
  const { e, posted, emulator } = await engine();
  (emulator.cpu['reboot_internal'] as () => void)();
  await e.handle({ type: 'power-off', id: 1 });
  await settle();
  expect(emulator.running).toBe(false);
  expect(posted.filter(({ type }) => type === 'running')).toHaveLength(1);
});
