/** Puts an item at the end of a map's list of that name, which begins with it where there is none. */
export function append<K, V>(lists: Map<K, V[]>, name: K, item: V): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}

/** Items by what `name` says of them: each group in its order, the groups in that of their first items. */
export function groupsBy<T>(items: readonly T[], name: (item: T) => string | number): T[][] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) append(groups, name(item), item);
  return [...groups.values()];
}
