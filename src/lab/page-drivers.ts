// What machines are made of in a page. Not one table for pages and Node: each names files that the other cannot load.
import type { DriverTable } from './drivers.ts';

export const pageDrivers: DriverTable = {
  v86: { load: async () => (await import('../machine/v86/driver-browser.ts')).driver, early: true },
};
