// "Did you mean …?" for the name of a field.
import { editDistance } from '../../basics/nearest.ts';
import { allFields } from './registry.ts';

/** The field or protocol that a mistyped name is closest to; null when none is near. */
export function nearestField(name: string): string | null {
  const wanted = name.toLowerCase();
  const protocol = wanted.split('.', 1)[0] ?? '';
  let best: string | null = null;
  // A third of the letters may be wrong, three at most.
  let bestDistance = Math.min(3, Math.max(1, Math.floor(wanted.length / 3))) + 1;
  for (const { name: known } of allFields()) {
    const distance = distanceOf(wanted, known) - (known.startsWith(`${protocol}.`) ? 0.5 : 0);
    if (distance < bestDistance) [best, bestDistance] = [known, distance];
  }
  return best;
}

/** "tcp.seq" for "tcp.seq_raw" is one mistake, however much is missing. */
const distanceOf = (wanted: string, known: string): number =>
  known.startsWith(wanted) && wanted.includes('.') ? 1 : editDistance(wanted, known);
