import { expect, test } from 'vitest';
import { runsKernel } from './hand-over.ts';
import type { EmulatedCpu } from './v86-internals.ts';

const at = (address: number, mode = 1) =>
  runsKernel({
    protected_mode: Int32Array.of(mode),
    instruction_pointer: Int32Array.of(address | 0),
  } as unknown as EmulatedCpu);

test('the kernel runs at 1 MiB in protected mode; the firmware below, at the end of RAM, or at the end of addresses', () => {
  expect([at(0x100000), at(0x1000000)]).toEqual([true, true]);
  expect([at(0xf0000), at(0x13fc_0000), at(0xffff_fff0), at(0x100000, 0)]).toEqual([false, false, false, false]);
});
