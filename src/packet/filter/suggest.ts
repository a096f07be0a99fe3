// "Did you mean …?" for the name of a field.
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

/** Letters to put in, take out, change or swap with their neighbour. */
function editDistance(a: string, b: string): number {
  let twoBack: number[] = [];
  let back = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (back[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (twoBack[j - 2] ?? 0) + 1 : changed;
      row.push(Math.min((back[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed, swapped));
    }
    [twoBack, back] = [back, row];
  }
  return back[b.length] ?? 0;
}
