// Captures for tests: recorded ones, as the page reads them.
import { readFileSync } from 'node:fs';
import { CaptureSource, type CaptureState } from '../../src/components/packets/source/capture-source.ts';
import type { ListedHop } from '../../src/components/packets/source/packet-source.ts';
import { PacketStore } from '../../src/components/packets/source/packet-store.ts';
import type { Gap } from '../../src/hop/gap.ts';

export const journeyFixture = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../src/journey/fixtures/${name}`, import.meta.url)));
export const fidelityCapture = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../fidelity/captures/${name}`, import.meta.url)));

export interface ReadCapture {
  readonly source: CaptureSource;
  readonly state: CaptureState;
  readonly packets: readonly ListedHop[];
  readonly lost: readonly Gap[];
}

/** Resolves when the file was read as far as it can be. */
export async function readAs(name: string, ...pieces: readonly BlobPart[]): Promise<ReadCapture> {
  const source = new CaptureSource(new Blob([...pieces]), name);
  const packets: ListedHop[] = [];
  const missing: Gap[] = [];
  await new Promise<void>((resolve) => {
    source.onPackets(({ hops, lost }) => {
      packets.push(...hops);
      missing.push(...lost);
    });
    source.state.subscribe(({ done }) => done && resolve());
  });
  return { source, state: source.state.value, packets, lost: missing };
}

export function storeOf({ source, packets, lost }: ReadCapture): PacketStore {
  const store = new PacketStore({ capacity: source.capacity });
  store.add({ run: 1, hops: packets, lost });
  while (store.work(100));
  return store;
}
