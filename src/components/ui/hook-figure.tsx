// The hooks of a machine's firewall as a map: those that a packet passed are filled, the one that ended it has a cross.
import type { Hook } from '../../journey/evidence/rules.ts';
import type { Passing } from '../../journey/rule-path.ts';
import './hook-figure.css';

interface Props {
  readonly passed: ReadonlyMap<Hook, Passing>;
  /** Devices; "": none. */
  readonly from: string;
  readonly to: string;
  /** A bridge handed it on between two of its ports: nothing routed it. */
  readonly isBridged: boolean;
  /** The same in words, for those who do not see it. */
  readonly label: string;
}

interface Box {
  readonly hook: Hook;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const HEIGHT = 26;
const [UPPER, LOWER] = [8, 62];
const BOXES: readonly Box[] = [
  { hook: 'PREROUTING', x: 86, y: UPPER, width: 96 },
  { hook: 'FORWARD', x: 306, y: UPPER, width: 84 },
  { hook: 'POSTROUTING', x: 424, y: UPPER, width: 104 },
  { hook: 'INPUT', x: 214, y: LOWER, width: 60 },
  { hook: 'OUTPUT', x: 442, y: LOWER, width: 68 },
];

interface Edge {
  readonly path: string;
  /** It was taken when the packet passed the one and came to the other. Left out: that end is a device, routing, or a program. */
  readonly from?: Hook;
  readonly to?: Hook;
}

const EDGES: readonly Edge[] = [
  { path: 'M72 21H84', to: 'PREROUTING' },
  { path: 'M182 21H212', from: 'PREROUTING' },
  { path: 'M276 21H304', from: 'PREROUTING', to: 'FORWARD' },
  { path: 'M390 21H422', from: 'FORWARD', to: 'POSTROUTING' },
  { path: 'M528 21H540', from: 'POSTROUTING' },
  { path: 'M244 36V60', from: 'PREROUTING', to: 'INPUT' },
  { path: 'M274 75H304', from: 'INPUT' },
  { path: 'M390 75H440', to: 'OUTPUT' },
  { path: 'M476 62V36', from: 'OUTPUT', to: 'POSTROUTING' },
];

/** Characters of a device's name that there is room for: the kernel allows 15. */
const LONGEST = 10;
const short = (name: string): string => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name);

export function HookFigure({ passed, from, to, isBridged, label }: Props) {
  const isTaken = (edge: Edge): boolean =>
    (edge.from === undefined || passed.get(edge.from) === 'passed') && (edge.to === undefined || passed.has(edge.to));
  return (
    <svg class="hk" viewBox="0 0 612 96" role="img" aria-label={label}>
      {EDGES.map((edge) => (
        <path key={edge.path} d={edge.path} class={isTaken(edge) ? 'hk-edge is-taken' : 'hk-edge'} />
      ))}
      <text class="hk-device" x="68" y="25" text-anchor="end">
        {short(from)}
      </text>
      <text class="hk-device" x="544" y="25">
        {short(to)}
      </text>
      <text class="hk-word" x="244" y="25" text-anchor="middle">
        {isBridged ? 'bridge' : 'routing'}
      </text>
      <text class="hk-word" x="347" y="79" text-anchor="middle">
        programs
      </text>
      {BOXES.map(({ hook, x, y, width }) => {
        const how = passed.get(hook);
        return (
          <g key={hook} class={how === undefined ? 'hk-box' : `hk-box is-${how}`}>
            <rect x={x} y={y} width={width} height={HEIGHT} rx="3" />
            <text x={x + width / 2} y={y + 17} text-anchor="middle">
              {how === 'ended' ? `✕ ${hook}` : hook}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
