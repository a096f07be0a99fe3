// When a machine that was switched on is its kernel's: what a reboot goes on from. Before that the firmware still needs what
// only the emulator that was switched on has: its own program, and the option ROM that starts the kernel.
import type { EmulatedCpu } from './v86-internals.ts';

/** The boot protocol puts the kernel at 1 MiB and starts it there, in protected mode (Documentation/arch/x86/boot.rst). */
const kernelBegins = 0x10_0000;
/** SeaBIOS moves itself to the end of RAM, far above. */
const kernelEnds = 0x400_0000;

/** True while the kernel unpacks itself, which takes many slices: ask after each one. */
export function runsKernel({ protected_mode, instruction_pointer }: EmulatedCpu): boolean {
  const at = (instruction_pointer[0] ?? 0) >>> 0;
  return protected_mode[0] !== 0 && at >= kernelBegins && at < kernelEnds;
}
