// What machines are made of in Node: the command line, the tests, the build.
import type { DriverTable } from './drivers.ts';

export const nodeDrivers: DriverTable = {
  v86: { load: async () => (await import('../machine/v86/driver-node.ts')).driver },
};
