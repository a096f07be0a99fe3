// A packet's layers as boxes in boxes: across, to scale in bytes, each box holds what its layer carries, and the hatched part
// at its beginning is the layer's own header.
import { isTunnelHeader } from '../../../packet/tunnels.ts';
import { plural } from '../../ui/words.ts';
import type { Anatomy, Part, Spot } from './anatomy.ts';
import { isOfCapture, layerFamily, layerTitle } from './layer-words.ts';
import './layer-figure.css';

interface Props {
  readonly anatomy: Anatomy;
  readonly shown: Spot | null;
  onChoose(spot: Spot): void;
  onHover(spot: Spot | null): void;
}

export function LayerFigure({ anatomy, ...props }: Props) {
  const roots = anatomy.parts.flatMap(({ parent }, index) => (parent < 0 ? [index] : []));
  return (
    <figure class="pk-figure">
      <figcaption class="sr-only">
        {plural(anatomy.parts.length, 'layer')}, from the outside in. Each is a button that shows its fields.
      </figcaption>
      {roots.map((index) => (
        <Box key={index} anatomy={anatomy} index={index} within={{ start: 0, end: anatomy.bytes.length }} {...props} />
      ))}
    </figure>
  );
}

interface BoxProps extends Props {
  readonly index: number;
  readonly within: Pick<Part, 'start' | 'end'>;
}

function Box({ anatomy, index, within, shown, onChoose, onHover }: BoxProps) {
  const part = anatomy.parts[index];
  if (part === undefined) return null;
  const { layer, start, headerEnd, end } = part;
  const scale = Math.max(1, within.end - within.start);
  const share = (bytes: number, of: number): string => `${(Math.max(0, bytes) / of) * 100}%`;
  const children = anatomy.parts.flatMap(({ parent }, child) => (parent === index ? [child] : []));
  const classes = [
    `pk-box hue-${layerFamily(layer)}`,
    isTunnelHeader(layer) && 'is-tunnel',
    isOfCapture(layer) && 'is-of-capture',
    layer.protocol === 'data' && 'is-data',
    layer.protocol.startsWith('_ws.') && 'is-wrong',
    shown?.part === index && 'is-shown',
  ];
  const spot = { part: index, field: -1 };
  const own = headerEnd - start;
  const carried = end - headerEnd;
  return (
    <div
      class={classes.filter((name) => name !== false).join(' ')}
      style={{ marginInlineStart: share(start - within.start, scale), width: share(end - start, scale) }}
    >
      <span class="pk-header" style={{ width: share(own, Math.max(1, end - start)) }} />
      <button
        type="button"
        class="pk-layer"
        onClick={() => onChoose(spot)}
        onPointerEnter={() => onHover(spot)}
        onPointerLeave={() => onHover(null)}
        onFocus={() => onHover(spot)}
        onBlur={() => onHover(null)}
      >
        {layerTitle(layer)}{' '}
        <span class="pk-size" aria-hidden="true">
          {own} B
        </span>
        <span class="sr-only">
          {plural(own, 'byte')} of its own{carried > 0 ? `, carries ${carried}` : ''}
          {isOfCapture(layer) ? ', written by the capture' : ''}
        </span>
      </button>
      {children.map((child) => (
        <Box
          key={child}
          anatomy={anatomy}
          index={child}
          within={{ start, end: Math.max(end, start + 1) }}
          shown={shown}
          onChoose={onChoose}
          onHover={onHover}
        />
      ))}
    </div>
  );
}
