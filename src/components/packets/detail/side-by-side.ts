// Two packets, field beside field. Layers are laid side by side from the inside out, since tunnels come and go on the outside.
import { type Change, changesBetween } from '../../../journey/changes.ts';
import type { Field } from '../../../packet/field.ts';
import type { Layer } from '../../../packet/layer.ts';

export interface Pair {
  readonly protocol: string;
  readonly rows: readonly PairRow[];
}

export interface PairRow {
  readonly field: string;
  /** null: it has no such field. */
  readonly left: string | null;
  readonly right: string | null;
}

export interface Comparison {
  /** As a hop's changes are told. */
  readonly changes: readonly Change[];
  /** Everything, equal or not, from the outside in. */
  readonly pairs: readonly Pair[];
}

export function compareLayers(left: readonly Layer[], right: readonly Layer[]): Comparison {
  const pairs: Pair[] = [];
  let i = left.length - 1;
  let j = right.length - 1;
  while (i >= 0 || j >= 0) {
    const a = left[i];
    const b = right[j];
    // Where they differ, one has a layer more; which one shows by what the other has further out.
    const together = a !== undefined && b !== undefined && a.protocol === b.protocol;
    const onlyLeft = !together && a !== undefined && (b === undefined || hasFurtherOut(left, i, b.protocol));
    const pair = together ? pairOf(a, b) : onlyLeft ? pairOf(a, undefined) : pairOf(undefined, b);
    pairs.unshift(pair);
    if (together || onlyLeft) i--;
    if (together || !onlyLeft) j--;
  }
  return { changes: changesBetween(left, right), pairs };
}

const hasFurtherOut = (layers: readonly Layer[], from: number, protocol: string): boolean =>
  layers.slice(0, from).some((layer) => layer.protocol === protocol);

function pairOf(left: Layer | undefined, right: Layer | undefined): Pair {
  const a = named(left?.fields() ?? []);
  const b = named(right?.fields() ?? []);
  const rows = [...new Set([...a.keys(), ...b.keys()])].map((key) => ({
    field: key.split('#', 1)[0] ?? key,
    left: a.get(key) ?? null,
    right: b.get(key) ?? null,
  }));
  return { protocol: (left ?? right)?.protocol ?? '', rows };
}

/** A repeated field by its place among its namesakes. */
function named(fields: readonly Field[]): Map<string, string> {
  const all = new Map<string, string>();
  for (const { name, shown } of fields) {
    let key = name;
    for (let n = 2; all.has(key); n++) key = `${name}#${n}`;
    all.set(key, shown);
  }
  return all;
}
