// In which order labs are built, and how long each is expected to take.
import type { LabFile } from '../../lab/lab-file.ts';
import type { Expectation } from '../progress/build-report.ts';
import { originIds } from './lab-keys.ts';

/**
 * A lab whose machines are made from another one's comes after it; of the others, those that need no component come first,
 * because components have to be compiled. Otherwise the order stays.
 */
export function buildOrder(labs: readonly LabFile[]): LabFile[] {
  const ordered = new Set<LabFile>();
  const add = (lab: LabFile, above: readonly LabFile[]) => {
    // Labs that are made from each other end here; building them says so.
    if (above.includes(lab)) return;
    for (const origin of originsAmong(lab, labs)) add(origin, [...above, lab]);
    ordered.add(lab);
  };
  const later = labs.filter((lab) => needsComponents(lab, labs));
  for (const lab of [...labs.filter((lab) => !later.includes(lab)), ...later]) add(lab, []);
  return [...ordered];
}

/** Labs are built one after the other: those that come before this one, in their order. */
export function labsBefore(lab: LabFile, labs: readonly LabFile[]): LabFile[] {
  const order = buildOrder(labs);
  return order.includes(lab) ? order.slice(0, order.indexOf(lab)) : [];
}

/**
 * Seconds on two cores, with nothing in the cache, of everything that is done before this lab is there: only their proportions
 * matter, for the percentage of the whole.
 */
export function expectationFor(lab: LabFile, labs: readonly LabFile[]): Expectation {
  const all = [...labsBefore(lab, labs), lab];
  return {
    seconds: {
      'machine image': 45,
      ...(all.some((each) => needsComponents(each, labs)) ? { components: 80 } : {}),
      ...Object.fromEntries(all.map((each) => [`lab ${each.id}`, secondsFor(each)])),
    },
    defaultSeconds: 10,
  };
}

/** A machine that is switched on boots, and is compressed whole. */
const secondsFor = ({ machines }: LabFile): number =>
  machines.reduce((sum, { from }) => sum + (from === undefined ? 170 : 25), 0);

const originsAmong = (lab: LabFile, labs: readonly LabFile[]): LabFile[] =>
  originIds(lab).flatMap((id) => labs.filter((other) => other.id === id));

function allOrigins(lab: LabFile, labs: readonly LabFile[], above: readonly LabFile[] = []): LabFile[] {
  if (above.includes(lab)) return [];
  const origins = originsAmong(lab, labs);
  return [...new Set(origins.flatMap((origin) => [origin, ...allOrigins(origin, labs, [...above, lab])]))];
}

const needsComponents = (lab: LabFile, labs: readonly LabFile[]): boolean =>
  [lab, ...allOrigins(lab, labs)].some(({ machines }) => machines.some(({ components }) => components.length > 0));
