// The headers of a packet at a step of a walk, from the outside in, and what became of each since the step before.
import type { Change } from '../../journey/changes.ts';
import type { Layer } from '../../packet/layer.ts';
import type { WalkField, WalkHeader, WalkLayer } from './walk-plan.ts';

/** @param before null: there is no step before, and nothing has changed */
export function headersOf(
  layers: readonly Layer[],
  before: readonly Layer[] | null,
  changes: readonly Change[],
): WalkHeader[] {
  return stackOf(layers, before, changes).map(({ protocol, length, since }) => ({ protocol, length, since }));
}

export function stackOf(
  layers: readonly Layer[],
  before: readonly Layer[] | null,
  changes: readonly Change[],
): WalkLayer[] {
  const fresh = before === null ? 0 : putOn(changes);
  const changed = new Set(changes.map(({ field }) => field.replace(/#\d+$/, '')));
  const seen = new Map<string, number>();
  const link = LINKS.has(layers[0]?.protocol ?? '') ? 1 : 0;
  // Tunnels come and go on the outside: headers are counted, and laid beside those of before, from the inside.
  return layers
    .map((layer, index) => {
      const isNew = index >= link && index < link + fresh;
      // The innermost is the same distance from the end at both steps; the link's header is always the first.
      const earlier =
        isNew || before === null ? undefined : index < link ? before[0] : before[before.length - layers.length + index];
      return { layer, isNew, earlier: earlier?.protocol === layer.protocol ? earlier : undefined };
    })
    .reverse()
    .map(({ layer, isNew, earlier }): WalkLayer => {
      const fields = fieldsOf(layer, earlier, changed);
      const count = seen.get(layer.protocol) ?? 0;
      seen.set(layer.protocol, count + 1);
      return {
        key: `${layer.protocol}.${count}`,
        protocol: layer.protocol,
        length: layer.length,
        since: isNew ? 'new' : fields.some(({ was }) => was !== undefined) ? 'changed' : 'same',
        info: infoOf(layer),
        fields,
      };
    })
    .reverse();
}

/** What a capture is taken with. */
const LINKS: ReadonlySet<string> = new Set(['eth', 'sll', 'null']);

/** How many headers came around the packet. */
function putOn(changes: readonly Change[]): number {
  const names = changes.find(({ field, bytes = 0 }) => field === 'encapsulation' && bytes > 0)?.to;
  return typeof names === 'string' ? names.split(' / ').length : 0;
}

function fieldsOf(layer: Layer, earlier: Layer | undefined, changed: ReadonlySet<string>): WalkField[] {
  const before = earlier?.fields() ?? [];
  const seen = new Map<string, number>();
  return layer.fields().map(({ name, about, shown, meaning }) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const was = changed.has(name) ? before.filter((field) => field.name === name)[count]?.shown : undefined;
    return { name, about, shown, meaning, ...(was !== undefined && was !== shown && { was }) };
  });
}

/** Wireshark's line of an IP header names what is inside; inside a box that is to be seen. */
const infoOf = (layer: Layer): string =>
  layer.protocol === 'ip' || layer.protocol === 'ipv6' ? `${layer.source} → ${layer.destination}` : layer.info();
