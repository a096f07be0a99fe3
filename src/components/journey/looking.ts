// Whether the reader looks at one packet, or at what happens; and which packet the picture shows then.
import { computed, type ReadonlySignal } from '@preact/signals-core';
import type { Hop } from '../../hop/hop.ts';
import type { TimeControl, TimeState } from '../../lab/time-control.ts';
import type { ShownHop } from '../ui/shown-hop.ts';

/** The hop that is looked at; null while what happens is followed. */
export function hopLookedAt({ steps, frozen, awaits }: Pick<TimeState, 'steps' | 'frozen' | 'awaits'>): Hop | null {
  if (steps.follows || awaits !== null) return null;
  return frozen || steps.position < steps.total + steps.held ? steps.at : null;
}

/** For the picture: a packet glides when the reader goes forward, and stands at once where one looks back to. */
export function shownHop(time: TimeControl): ReadonlySignal<ShownHop | null> {
  let before = 0;
  let shown: ShownHop | null = null;
  return computed(() => {
    const state = time.state.value;
    const hop = hopLookedAt(state);
    const glides = state.steps.position > before;
    before = state.steps.position;
    // The same object for the same hop: more that has run past it moves nothing.
    if (hop !== (shown?.hop ?? null)) shown = hop === null ? null : { hop, before: hopBefore(hop, time), glides };
    return shown;
  });
}

function hopBefore({ n }: Hop, time: TimeControl): Hop | null {
  if (n === 0) return null;
  const hops = time.journeys.of(n)?.hops ?? [];
  const after = hops.find(({ hop }) => hop.n === n)?.after ?? -1;
  return hops[after]?.hop ?? null;
}
