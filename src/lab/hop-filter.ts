// A lab's hops held against a display filter.

import { type Hop, placeOf } from '../hop/hop.ts';
import { dissect } from '../packet/dissect.ts';
import { compileFilter, type Filter } from '../packet/filter/compile.ts';
import { needsConversations } from '../packet/filter/needs.ts';
import type { FilterPacket } from '../packet/filter/reader.ts';
import type { FilterError } from '../packet/filter/syntax.ts';
import type { Layer } from '../packet/layer.ts';

export type CompiledHopFilter =
  | { readonly ok: true; readonly matches: (hop: Hop) => boolean }
  | { readonly ok: false; readonly error: FilterError };

const ALONE =
  'This asks about the packets before it (tcp.stream, tcp.seq, tcp.analysis …), and here each is looked at alone. The packet list can be filtered so; here ask for ports, flags or tcp.seq_raw.';

/** Never throws. A blank text matches every hop. */
export function compileHopFilter(text: string): CompiledHopFilter {
  const compiled = compileFilter(text);
  if (!compiled.ok) return compiled;
  if (needsConversations(compiled.filter.names))
    return { ok: false, error: { message: ALONE, at: 0, length: text.length } };
  return { ok: true, matches: (hop) => asks(compiled.filter, hop) };
}

function asks(filter: Filter, hop: Hop): boolean {
  return filter.expression === null || filter.matches(new HopPacket(hop));
}

class HopPacket implements FilterPacket {
  readonly #hop: Hop;
  #layers: readonly Layer[] | undefined;

  constructor(hop: Hop) {
    this.#hop = hop;
  }

  get layers(): readonly Layer[] {
    const { bytes, linkType, originalLength } = this.#hop;
    this.#layers ??= dissect(bytes, linkType, originalLength);
    return this.#layers;
  }

  get frame(): FilterPacket['frame'] {
    const { n, bytes, originalLength, time } = this.#hop;
    const seconds = Math.floor(time);
    const nanoseconds = Math.round((time - seconds) * 1e9);
    const interfaceName = placeOf(this.#hop);
    return { number: n, bytes, originalLength, time: { seconds, nanoseconds }, timeRelative: 0, interfaceName };
  }
}
