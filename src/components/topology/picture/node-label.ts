// What stands in a device's box, and how large the box is. Sizes follow from the text alone, so that the box which
// cytoscape draws and the text above it always agree, and nothing has to be measured.
//
//   text stands at the left of a box, lines and packets run at its right, so that no way crosses a name:   │ eth0      ┆ │
//                                                                                                         │ 172.17…   ┆ │

import { isDown, isLinkLocal, KIND_WORD } from '../../../topology/device-words.ts';
import type { DeviceNode, Edge, Graph, NamespaceNode } from '../../../topology/graph.ts';
import { inNamespace, leading, namespaceName, namespaceWord, networkWords } from '../../../topology/workload-words.ts';

export interface NodeLabel {
  readonly name: string;
  /** "veth", "veth, down", "bridge of shop"; "" where there is no room for it beside the name. */
  readonly word: string;
  /** Second line: "172.17.0.2/16", "172.17.0.2/16 +1", or "". */
  readonly address: string;
}

/** Room for "10.0.0.121/24", which is 13 characters of the smallest text. */
export const BOX_WIDTH = 116;
const ONE_LINE = 24;
const TWO_LINES = 38;
/** The bar of a bridge: the lane in which its packets travel above a line of text. */
export const BAR_HEIGHT = 40;
export const BAR_WIDTH = 248;
/** From the upper edge of a bar to its lane. */
export const BAR_LANE = 9;
/** From the middle of a box to where its lines run. */
export const LANE = 46;

/** Of text, CSS pixels on the screen. */
export const SMALLEST = 12;
/** Width of a character of that size: of the monospaced face, and of the other one on the average. */
const [MONO, SANS] = [7.2, 6.2];
/** Left and right of the text. */
const ASIDE = 16;

export function deviceLabel(device: DeviceNode): NodeLabel {
  const shown = device.addresses.filter((address) => !isLinkLocal(address));
  const more = shown.length > 1 ? ` +${shown.length - 1}` : '';
  const word = `${KIND_WORD[device.deviceKind]}${isDown(device) ? ', down' : ''}`;
  const room = (device.deviceKind === 'bridge' ? BAR_WIDTH - 16 * MONO : BOX_WIDTH) - ASIDE;
  const fits = device.name.length * MONO + 6 + word.length * SANS <= room;
  // The shape says that a veth is one; that a device is down is said whatever else has to go.
  const short = isDown(device) && device.name.length * MONO + 6 + 4 * SANS <= room ? 'down' : '';
  return {
    name: device.name,
    word: fits ? word : short,
    address: shown.length === 0 ? '' : `${shown[0]}${more}`,
  };
}

export function boxSize(device: DeviceNode): { readonly width: number; readonly height: number } {
  if (device.deviceKind === 'bridge') return { width: BAR_WIDTH, height: BAR_HEIGHT };
  const { address } = deviceLabel(device);
  if (device.deviceKind === 'loopback') return { width: BOX_WIDTH, height: TWO_LINES };
  return { width: BOX_WIDTH, height: address === '' ? ONE_LINE : TWO_LINES };
}

/** The legend on a namespace's frame. */
export function namespaceLabel(namespace: NamespaceNode): { readonly name: string; readonly word: string } {
  if (namespace.root) return { name: 'root namespace', word: '' };
  const [first, ...others] = leading(namespace.workloads);
  const odd =
    first === undefined || others.length > 0 || ['', 'running'].includes(first.state) ? '' : `, ${first.state}`;
  return { name: namespaceName(namespace), word: `${namespaceWord(namespace)}${odd}` };
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
    namespace === undefined ? '' : namespace.root ? `on ${namespace.machine}` : `in ${inNamespace(namespace)}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
