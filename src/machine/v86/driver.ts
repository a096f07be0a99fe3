// The driver v86, without its threads: those differ between pages and Node (driver-browser.ts, driver-node.ts).
import type { Driver } from '../driver.ts';
import { readSetup } from './read-setup.ts';
import type { Thread } from './thread/thread.ts';
import { V86Machine } from './v86-machine.ts';

/** @param wasm the emulator, compiled once for all machines; asked again after it has failed, it tries again */
export function v86Driver(thread: () => Thread, wasm: () => Promise<WebAssembly.Module>): Driver {
  return {
    prepare() {
      wasm().catch(() => {});
    },
    create(plan, { base, time, lab, keep }) {
      const { name } = plan;
      const manifest = readSetup(plan);
      const kept = keep === undefined ? {} : { keep: `${keep}/${name}` };
      return new V86Machine({ name, thread, wasm, time, start: { from: 'snapshot', manifest, base, lab, ...kept } });
    },
  };
}
