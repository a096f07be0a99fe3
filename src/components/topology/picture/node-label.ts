// What stands in a device's box, and how large the box is. Sizes follow from the text alone, so that the box which
// cytoscape draws and the text above it always agree, and nothing has to be measured.

import { isDown, isLinkLocal, KIND_WORD } from '../../../topology/device-words.ts';
import type { DeviceNode, Edge, Graph, NamespaceNode } from '../../../topology/graph.ts';
import { leading, namespaceWord, networkWords } from '../../../topology/workload-words.ts';

export interface NodeLabel {
  readonly name: string;
  /** "veth", "veth, down", "bridge of shop". */
  readonly word: string;
  /** Second line: "172.17.0.2/16", "172.17.0.2/16 +1", or "". */
  readonly address: string;
}

export const BOX_WIDTH = 136;
const ONE_LINE = 28;
const TWO_LINES = 42;
/** The bar of a bridge: a line of text above the lane in which its packets travel. */
export const BAR_HEIGHT = 46;
export const BAR_WIDTH = 232;
export const LANE = 9;

export function deviceLabel(device: DeviceNode): NodeLabel {
  const shown = device.addresses.filter((address) => !isLinkLocal(address));
  const more = shown.length > 1 ? ` +${shown.length - 1}` : '';
  return {
    name: device.name,
    word: `${KIND_WORD[device.deviceKind]}${isDown(device) ? ', down' : ''}`,
    address: shown.length === 0 ? '' : `${shown[0]}${more}`,
  };
}

export function boxSize(device: DeviceNode): { readonly width: number; readonly height: number } {
  if (device.deviceKind === 'bridge') return { width: BAR_WIDTH, height: BAR_HEIGHT };
  const { address } = deviceLabel(device);
  if (device.deviceKind === 'loopback') return { width: 120, height: TWO_LINES };
  return { width: BOX_WIDTH, height: address === '' ? ONE_LINE : TWO_LINES };
}

/** The legend on a namespace's frame. */
export function namespaceLabel(namespace: NamespaceNode): { readonly name: string; readonly word: string } {
  if (namespace.root) return { name: 'root namespace', word: '' };
  const [first, ...others] = leading(namespace.workloads);
  const odd =
    first === undefined || others.length > 0 || ['', 'running'].includes(first.state) ? '' : `, ${first.state}`;
  return { name: namespace.name, word: `${namespaceWord(namespace)}${odd}` };
}

/** "VNI 1": what a tunnel's two ends have in common. */
export function tunnelLabel({ source }: Edge, graph: Graph): string {
  return `VNI ${graph.devices.find(({ id }) => id === source)?.vxlan?.vni ?? '?'}`;
}

/** One sentence for a screen reader: everything that the box shows, and what shape and line say. */
export function deviceSentence(device: DeviceNode, namespace: NamespaceNode | undefined): string {
  const addresses = device.addresses.filter((address) => !isLinkLocal(address));
  return [
    `${device.name}, ${KIND_WORD[device.deviceKind]}`,
    isDown(device) ? 'down' : 'up',
    networkWords(device),
    addresses.join(', '),
    namespace === undefined ? '' : namespace.root ? `on ${namespace.machine}` : `in ${namespace.name}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
