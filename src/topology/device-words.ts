// How devices are spoken of, the same on the picture, in its list and in what is announced.
import { tunnelOfDevice } from '../packet/tunnels.ts';
import type { DeviceNode } from './graph.ts';

export const KIND_WORD: Readonly<Record<DeviceNode['deviceKind'], string>> = {
  loopback: 'loopback',
  bridge: 'bridge',
  veth: 'veth',
  nic: 'NIC',
  vxlan: 'VXLAN',
  tun: 'tun/tap',
  tunnel: 'tunnel',
  dummy: 'dummy',
  vlan: 'VLAN',
  other: 'device',
};

/** IPv6 link-local addresses are made by the kernel for every device, and say little about it. */
export const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

/** IFF_UP alone is what an administrator wants; operstate says whether a packet can pass (RFC 2863, tun devices say UNKNOWN). */
export const isDown = (device: DeviceNode): boolean =>
  !device.up || device.operstate === 'DOWN' || device.operstate === 'LOWERLAYERDOWN';

/** Of a device, what its box shows in a second line: the first address that is not made by the kernel for every device. */
export const addressOf = (device: DeviceNode): string =>
  device.addresses.find((address) => !/^fe[89ab]|^127\.|^::1/i.test(address)) ?? '';

/** What leaves through it is put into another packet. */
export const isTunnelDevice = (device: DeviceNode | undefined): boolean =>
  device !== undefined && tunnelOfDevice(device.infoKind) !== undefined;
