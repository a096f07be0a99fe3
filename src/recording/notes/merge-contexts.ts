// What several files, or a file and whoever opens it, know, as one.
import type { Context } from '../../journey/builder.ts';
import type { Device } from '../../journey/topology.ts';

/**
 * Of lists all items, of topologies all devices (of one that two name, as the later one has it), of anything else the later one. What one
 * file knows of the past says nothing of the devices of another: of several, only what is so in the end is taken.
 */
export function mergeContexts(contexts: readonly Context[]): Context {
  const all: Record<string, unknown> = {};
  const devices = new Map<string, Device>();
  for (const context of contexts) {
    for (const [part, value] of Object.entries(context)) {
      const before = all[part];
      all[part] = Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value;
    }
    for (const device of context.topology?.devices ?? [])
      devices.set(`${device.machine}/${device.namespace ?? ''}/${device.name}`, device);
  }
  const { past, ...others } = all as Context;
  const isOne = contexts.filter(({ topology }) => topology !== undefined).length < 2;
  return {
    ...others,
    ...(devices.size === 0 ? {} : { topology: { devices: [...devices.values()] } }),
    ...(past !== undefined && isOne ? { past } : {}),
  };
}
