// Lines to a bridge, which is drawn as a bar: straight onto it under or over the device, or, where the device stands beside it, round a corner
// between the two, so that no line crosses a bar that it has nothing to do with.
import type { NodeSingular } from 'cytoscape';
import type { Box } from './layout.ts';
import { LANE } from './node-label.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Between the end of a bar and the last line on it. */
const MARGIN = 12;

/** Where it is drawn, by its middle. */
export const boxOf = (node: NodeSingular): Box => ({
  ...node.position(),
  width: node.data('width') as number,
  height: node.data('height') as number,
});

/** Where on the bar the line of a device ends. */
export function onBar(bar: Box, device: Pick<Box, 'x'>): number {
  const reach = bar.width / 2 - MARGIN;
  return bar.x + Math.max(-reach, Math.min(reach, device.x + LANE - bar.x));
}

/** The corners on the way from a bar to a device; none when it stands under or over the bar. */
export function cornersFrom(bar: Box, device: Box): Point[] {
  const x = onBar(bar, device);
  if (Math.abs(device.x + LANE - x) < 1) return [];
  const side = device.y < bar.y ? -1 : 1;
  const y = (bar.y + (side * bar.height) / 2 + device.y - (side * device.height) / 2) / 2;
  return [
    { x, y },
    { x: device.x + LANE, y },
  ];
}
