// The journey of one packet of the list: the lab's own, or, of one that the lab has forgotten and of a file's, stitched from the
// packets around it. Keeping a journey for each of a hundred thousand
// would take more memory than they do. What an answer, an ICMP error or a later hop says of a packet stands close to it.
import { type Context, JourneyBuilder } from '../../../journey/builder.ts';
import type { Journey } from '../../../journey/journey.ts';
import type { UnseenDrop } from '../../../journey/unseen.ts';
import type { PacketSource } from './packet-source.ts';
import type { PacketStore } from './packet-store.ts';

/** Packets before and after: about 50 ms of work, and a second of a busy lab. */
const REACH = 2500;
/** As many as a lab's journeys keep. */
const MOST_SEARCHED = 20_000;

export class PacketJourneys {
  readonly #store: PacketStore;
  readonly #source: PacketSource;
  #builder: JourneyBuilder | null = null;
  /** The packet that the builder's are around. */
  #centre = 0;
  #known: Context | null = null;
  #oneTime = false;

  constructor(store: PacketStore, source: PacketSource) {
    this.#store = store;
    this.#source = source;
  }

  /** As far as it is known now: a running lab may show more of it in a moment. */
  journeyOf(n: number): Journey | undefined {
    const theirs = this.#source.journeyOf(n);
    if (theirs !== undefined) return theirs;
    const context = this.#source.context();
    // A builder is told more and more; what is known may also be less than before, as when a device has gone.
    const { oneTime } = this.#source;
    const isSame = context === this.#known && oneTime === this.#oneTime;
    if (this.#builder === null || !isSame || Math.abs(n - this.#centre) > REACH / 2) {
      this.#builder = new JourneyBuilder({ oneTime });
      this.#oneTime = oneTime;
      this.#builder.know(context);
      this.#known = context;
      this.#centre = n;
    }
    // A hop that it has already is passed over.
    this.#builder.add(this.#store.around(this.#centre, REACH));
    return this.#builder.journeyOf(n);
  }

  /** What kernels dropped and no tap had seen, the latest last; of a file that is long, nothing. */
  unseen(): readonly UnseenDrop[] {
    const { unseen, oneTime } = this.#source;
    if (unseen !== undefined) return unseen.call(this.#source);
    const context = this.#source.context();
    const hasDrops = context.evidence?.some(({ kind }) => kind === 'drop') ?? false;
    if (!hasDrops || this.#store.kept > MOST_SEARCHED) return [];
    const builder = new JourneyBuilder({ oneTime });
    builder.know(context);
    builder.add(this.#store.all());
    return builder.unseen();
  }

  /** What is to be said of a packet's end for as long as the machines have not been asked. */
  pending(n: number): string {
    return this.#source.pending(n);
  }

  /** Asks the machines about a packet: what they answer is in its journey from then on. */
  async ask(n: number): Promise<void> {
    await this.#source.ask(n);
  }
}
