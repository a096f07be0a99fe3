import { expect, it } from 'vitest';
import type { FromMachine } from '../thread/messages.ts';
import { Wiring } from './wiring.ts';

function wiringOf() {
  const posted: FromMachine[] = [];
  const panics: string[] = [];
  const listeners = new Map<string, (value: never) => void>();
  const queue = () => ({
    is_configured: () => false,
    has_request: () => false,
    pop_request: () => ({ get_next_blob: () => 0 }),
  });
  const emulator = {
    bus: { send: () => {} },
    add_listener: (name: string, f: (value: never) => void) => listeners.set(name, f),
    v86: {
      cpu: {
        devices: {
          virtio_console: { SendEvent: () => {}, virtio: { queues: Array.from({ length: 10 }, queue) } },
          virtio_net: { virtio: { queues: [queue()] } },
        },
      },
    },
  };
  const wiring = new Wiring(emulator as never, {
    realTime: () => 0,
    post: (m) => void posted.push(m),
    halted: () => {},
    panicked: (w) => void panics.push(w),
  });
  const say = (name: string, value: unknown) => listeners.get(name)?.(value as never);
  return { wiring, posted, panics, say };
}

it('a panic is told once, with its own words', () => {
  const { panics, say } = wiringOf();
  const text =
    '[   12.3] Kernel panic - not syncing: sysrq triggered crash\n[   12.3] CPU: 0 PID: 1\n[   12.4] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---\n';
  for (const byte of Buffer.from(text)) say('serial0-output-byte', byte);
  expect(panics).toEqual(['sysrq triggered crash']);
});

it('half a character of the life before is not part of the next', () => {
  const { wiring, posted, say } = wiringOf();
  say('virtio-console2-output-bytes', Uint8Array.of(0x72, 0xc3));
  wiring.handOver();
  wiring.drop();
  say('virtio-console2-output-bytes', Buffer.from('hello\n'));
  wiring.handOver();
  expect(posted).toContainEqual({ type: 'agent', line: 'hello' });
});
