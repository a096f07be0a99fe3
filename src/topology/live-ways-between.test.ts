import { expect, it } from 'vitest';
import { hopsOf, twoHosts } from '../../tests/support/two-hosts.ts';
import { LiveWays } from './live-ways.ts';

/** Of every hop with these words of hex in it, the places that the packet went through. */
function lines(scenario: string, wanted: (hop: ReturnType<typeof hopsOf>[number]) => boolean): string[] {
  const paths = new LiveWays();
  paths.setGraph(twoHosts());
  return hopsOf(scenario)
    .map((hop) => ({ hop, path: paths.follow(hop) }))
    .filter(({ hop }) => wanted(hop))
    .map(({ path }) => [path.crossings[0]?.from ?? '', ...path.crossings.map(({ to }) => to)].join(' > '));
}

/** From the IPv4 header's first byte on: an echo request, in whatever it is. */
const isEcho = ({ bytes }: { bytes: Uint8Array }): boolean => {
  for (let at = 0; at + 20 < bytes.length; at++)
    if (bytes[at] === 0x45 && bytes[at + 9] === 1 && bytes[at + 20] === 8) return true;
  return false;
};

it('goes over the wire from one machine’s NIC to the other’s, in the tunnel and out of it', () => {
  expect(lines('overlay', isEcho).slice(0, 9)).toEqual([
    'host-01/client/eth1 > host-01//vethpod',
    'host-01//vethpod > host-01//cni0',
    'host-01//cni0 > host-01//flannel.1',
    'host-01//flannel.1 > host-01//eth0',
    'host-01//eth0 > wire/lan',
    'wire/lan > host-02//eth0',
    'host-02//eth0 > host-02//flannel.1',
    'host-02//flannel.1 > host-02//cni0',
    'host-02//cni0 > host-02//vethfar > host-02/far/eth0',
  ]);
});

it('is one packet all the way, and knows from which NIC it came onto the wire', () => {
  const paths = new LiveWays();
  paths.setGraph(twoHosts());
  const seen = hopsOf('overlay')
    .map((hop) => ({ hop, path: paths.follow(hop) }))
    .filter(({ hop }) => isEcho(hop))
    .slice(0, 9);
  expect(new Set(seen.map(({ path }) => path.packet)).size).toBe(1);
  expect(seen[5]?.path.crossings[0]?.along).toBe('host-01//eth0');
});

it('a frame that a wire holds stands where it came onto it', () => {
  const paths = new LiveWays();
  paths.setGraph(twoHosts());
  const hops = hopsOf('masquerade').filter(isEcho);
  const frame = hops.findIndex(({ machine }) => machine === 'wire');
  for (const hop of hops.slice(0, frame)) paths.follow(hop);
  const held = { ...hops[frame], n: 0 } as (typeof hops)[number];
  expect(paths.standing(held).crossings).toEqual([
    { edge: 'plug:host-01//eth0--wire/lan', from: 'host-01//eth0', to: 'wire/lan' },
  ]);
});
