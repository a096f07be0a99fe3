// How boxes and lines look. Kinds differ by shape and line as well as by the word in them: a bridge is a square bar, a
// veth has cut corners where its cable goes in, what is down is dashed.
import type { StylesheetJson } from 'cytoscape';
import { CONTAINER_FRAME, MACHINE_FRAME } from './layout-place.ts';
import { LANE } from './node-label.ts';
import type { Colours } from './theme-colours.ts';

const sized = { width: 'data(width)', height: 'data(height)' } as const;

export function sceneStyle(colours: Colours): StylesheetJson {
  return [
    {
      selector: 'node',
      style: { 'overlay-opacity': 0, 'background-color': colours.bg, 'border-color': colours['line-strong'] },
    },
    {
      selector: 'node[kind = "machine"]',
      style: {
        shape: 'rectangle',
        padding: `${MACHINE_FRAME}px`,
        'background-color': colours.surface,
        'border-width': 1.5,
        'border-color': colours['line-strong'],
      },
    },
    {
      selector: 'node[kind = "namespace"]',
      style: {
        shape: 'round-rectangle',
        'corner-radius': '3px',
        padding: `${CONTAINER_FRAME}px`,
        'border-width': 1,
        'border-color': colours['line-strong'],
        'background-color': colours.bg,
      },
    },
    // The machine's frame is its own namespace's.
    { selector: 'node.root', style: { padding: '0px', 'border-width': 0, 'background-opacity': 0 } },
    {
      selector: 'node[kind = "device"]',
      style: {
        ...sized,
        shape: 'rectangle',
        'background-color': colours.surface,
        'border-width': 1.5,
      },
    },
    { selector: 'node[deviceKind = "veth"]', style: { shape: 'cut-rectangle', 'corner-radius': '6px' } },
    {
      selector: 'node[deviceKind = "bridge"]',
      style: {
        shape: 'rectangle',
        'border-width': 2,
        'border-color': colours.text,
        'background-color': colours['surface-2'],
      },
    },
    {
      selector: 'node[deviceKind = "nic"]',
      style: { shape: 'rectangle', 'border-width': 2, 'border-color': colours.text },
    },
    {
      selector: 'node[deviceKind = "vxlan"]',
      style: { shape: 'round-rectangle', 'corner-radius': '14px', 'border-style': 'double', 'border-width': 4 },
    },
    {
      selector: 'node[deviceKind = "loopback"], node[deviceKind = "dummy"]',
      style: { shape: 'round-rectangle', 'corner-radius': '10px', 'border-width': 1 },
    },
    {
      selector: 'node[kind = "wire"]',
      style: {
        ...sized,
        shape: 'round-rectangle',
        'corner-radius': '13px',
        'border-width': 2,
        'border-color': colours.text,
      },
    },
    { selector: 'node.down', style: { 'border-style': 'dashed', 'border-color': colours.muted } },
    { selector: 'node.selected', style: { 'border-color': colours.accent, 'border-width': 3 } },
    { selector: 'node.lit', style: { 'border-color': colours.accent, 'border-width': 4, 'border-style': 'solid' } },
    { selector: 'node[kind = "room"]', style: { ...sized, 'background-opacity': 0, 'border-width': 0, events: 'no' } },
    {
      selector: 'node[kind = "stub"]',
      style: { width: 8, height: 8, shape: 'ellipse', 'background-color': colours.text, 'border-width': 0 },
    },
    {
      selector: 'edge',
      style: {
        'curve-style': 'straight',
        'source-endpoint': `${LANE}px 0`,
        'target-endpoint': `${LANE}px 0`,
        width: 1.5,
        'line-color': colours['line-strong'],
        'overlay-opacity': 0,
        events: 'no',
      },
    },
    { selector: 'edge[kind = "veth"]', style: { width: 2.5 } },
    { selector: 'edge[kind = "plug"]', style: { width: 2.5, 'line-color': colours.text } },
    { selector: 'edge.leads-out', style: { 'target-endpoint': '0px 0px' } },
    {
      // A pipe: what is in it cannot be seen from the network around it.
      selector: 'edge[kind = "tunnel"]',
      style: {
        'curve-style': 'segments',
        'edge-distances': 'node-position',
        width: 9,
        'line-color': colours.bg,
        'line-outline-width': 1.5,
        'line-outline-color': colours.udp,
        'source-endpoint': `${LANE}px 50%`,
        'target-endpoint': `${LANE}px 50%`,
      },
    },
    {
      selector: 'edge[kind = "routed"]',
      style: {
        width: 1,
        'line-style': 'dotted',
        'line-color': colours['line-strong'],
        opacity: 0.75,
      },
    },
  ];
}
