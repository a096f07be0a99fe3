import { expect, it } from 'vitest';
import { journeyFixture, readAs } from '../../../../tests/support/captures.ts';
import { dissect } from '../../../packet/dissect.ts';
import type { Layer } from '../../../packet/layer.ts';
import { compareLayers } from './side-by-side.ts';

async function layersAt(...places: readonly string[]): Promise<Layer[][]> {
  const { packets } = await readAs('overlay.pcapng', journeyFixture('overlay.pcapng'));
  const requests = packets.filter(({ bytes, linkType }) =>
    dissect(bytes, linkType).some((layer) => layer.protocol === 'icmp' && layer.info().includes('request')),
  );
  return places.map((place) => {
    const packet = requests.find(({ machine, device }) => `${machine}/${device}` === place);
    if (packet === undefined) throw new Error(`no request at ${place}`);
    return dissect(packet.bytes, packet.linkType);
  });
}

it('lays layers beside each other from the inside out, whichever has the tunnel', async () => {
  const [plain = [], tunnelled = []] = await layersAt('host-01/vethpod', 'host-01/eth0');
  const { pairs } = compareLayers(plain, tunnelled);
  const sides = pairs.map(({ protocol, rows }) => [
    protocol,
    rows.some(({ left }) => left !== null),
    rows.some(({ right }) => right !== null),
  ]);
  expect(sides).toEqual([
    ['sll', true, true],
    ['ip', false, true],
    ['udp', false, true],
    ['vxlan', false, true],
    ['eth', false, true],
    ['ip', true, true],
    ['icmp', true, true],
    ['data', true, true],
  ]);
  expect(compareLayers(tunnelled, plain).pairs.map(({ protocol }) => protocol)).toEqual(
    pairs.map(({ protocol }) => protocol),
  );
  const ttl = pairs[5]?.rows.find(({ field }) => field === 'ip.ttl');
  expect(ttl).toEqual({ field: 'ip.ttl', left: '64', right: '63' });
});

it('finds nothing different in a packet and itself', async () => {
  const [layers = []] = await layersAt('host-01/eth0');
  const { changes, pairs } = compareLayers(layers, layers);
  expect(changes).toEqual([]);
  expect(pairs.flatMap(({ rows }) => rows).every(({ left, right }) => left === right)).toBe(true);
});
