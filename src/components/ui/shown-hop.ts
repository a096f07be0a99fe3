// What the panel of the steps tells the picture: which packet the reader looks at.
import type { Hop } from '../../hop/hop.ts';

/** A packet that the reader looks at, standing where a tap saw it. */
export interface ShownHop {
  readonly hop: Hop;
  /** The one that it follows in its packet's journey; null: it is the first, or a wire still holds it. */
  readonly before: Hop | null;
  /** It travels there, rather than being there at once. */
  readonly glides: boolean;
}
