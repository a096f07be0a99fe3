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

/** The way of the packet that the reader looks at, as far as it is known. */
export interface ShownWay {
  /** Its hops in order, each with the one that it comes after. */
  readonly steps: readonly { readonly hop: Hop; readonly before: Hop | null }[];
  /** Number of the hop that is looked at. */
  readonly at: number;
  /** Why it got no further, in a few words; "" where that is not so, or not known. */
  readonly lost: string;
}
