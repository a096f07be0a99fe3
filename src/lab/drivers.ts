// From the name of a driver to the driver. Which there are is a table: page-drivers.ts for pages, node-drivers.ts for Node, and one
// of their own for tests. So nobody who shows, starts or tests a lab names what its machines are made of.
import { type Driver, type MachinePlan, ManifestError } from '../machine/driver.ts';

export interface DriverEntry {
  /** Its code: fetched when a lab needs it. */
  readonly load: () => Promise<Driver>;
  /** Most labs need it: fetched, and prepared, before it is known what this one needs. */
  readonly early?: boolean;
}

/** By the name that a lab's manifest has for it. */
export type DriverTable = Readonly<Record<string, DriverEntry>>;

/** In a page, before a lab's manifest has come. What fails here is said when a machine needs it. */
export function prepareDrivers(table: DriverTable): void {
  for (const { early, load } of Object.values(table))
    if (early === true)
      load().then(
        (driver) => driver.prepare?.(),
        () => {},
      );
}

/**
 * The driver that makes this machine.
 *
 * @param lab for the words of an error
 * @throws ManifestError when the table has no such driver, and an Error when its code did not come
 */
export async function driverOf(
  lab: string,
  { name, driver }: Pick<MachinePlan, 'name' | 'driver'>,
  table: DriverTable,
): Promise<Driver> {
  const entry = Object.hasOwn(table, driver) ? table[driver] : undefined;
  if (entry === undefined)
    throw new ManifestError(
      `The machine ${name} of the lab ${lab} is made by the driver "${driver}", and only ${Object.keys(table).join(', ')} is known here`,
    );
  return entry.load();
}
