// What a reader should know of a packet before its fields: what is wrong with it, and whether its checksums fit.
import type { ChecksumStatus } from '../../../packet/checksum.ts';
import type { Layer } from '../../../packet/layer.ts';
import { layerTitle } from './layer-words.ts';

export interface Notice {
  readonly kind: 'bad' | 'plain';
  readonly text: string;
}

/** How much of a packet is there, and how much there was. */
export interface Kept {
  readonly bytes: number;
  readonly originalLength: number;
}

/** In sentences, the worst first. */
export function noticesOf(layers: readonly Layer[], kept?: Kept): Notice[] {
  const notices: Notice[] = [];
  const isShort = layers.some(({ protocol }) => protocol === '_ws.short');
  if (kept !== undefined && kept.bytes < kept.originalLength && !isShort)
    notices.push(
      plain(
        `The capture kept ${kept.bytes.toLocaleString('en')} of this packet's ${kept.originalLength.toLocaleString('en')} bytes. The rest was never recorded.`,
      ),
    );
  const good: string[] = [];
  for (const layer of layers) {
    if (layer.protocol === '_ws.malformed')
      notices.unshift(
        layer.line === ''
          ? bad(`A length that cannot be: ${layer.reason}.`)
          : bad(`Malformed: ${layer.reason}. Nothing after byte ${layer.offset} is decoded.`),
      );
    if (layer.protocol === '_ws.unreassembled')
      notices.push(plain('This is the first fragment of a larger packet: the rest of the message is in the others.'));
    if (layer.protocol === '_ws.short')
      notices.unshift(
        bad(`The capture kept only a part of this packet: ${layer.reason}. The rest was never recorded.`),
      );
    const status = layer.quoted ? undefined : checksumOf(layer);
    if (status === 'good') good.push(layerTitle(layer));
    else if (status !== undefined) notices.push(WORDS[status](layerTitle(layer)));
  }
  if (good.length > 0)
    notices.push(plain(`${good.length === 1 ? 'Checksum' : 'Checksums'} of ${listed(good)}: good, the bytes fit.`));
  return notices;
}

const plain = (text: string): Notice => ({ kind: 'plain', text });
const bad = (text: string): Notice => ({ kind: 'bad', text });

const checksumOf = (layer: Layer): ChecksumStatus | undefined => ('checksum' in layer ? layer.checksum : undefined);

const WORDS: Readonly<Record<Exclude<ChecksumStatus, 'good'>, (title: string) => Notice>> = {
  bad: (title) => bad(`Checksum of ${title}: bad. These bytes are not the ones that it was made for.`),
  offloaded: (title) =>
    plain(
      `Checksum of ${title}: offloaded. The kernel left the rest of the sum to the network card, so it is not wrong, only not finished here.`,
    ),
  unverified: (title) => plain(`Checksum of ${title}: not verified, because not all the bytes under it are here.`),
  absent: (title) => plain(`Checksum of ${title}: none. The sender left it out, as it may.`),
  illegal: (title) => bad(`Checksum of ${title}: none, and over IPv6 there has to be one.`),
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
