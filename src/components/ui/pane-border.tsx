// The border between the list and the packet under it: an ARIA window splitter. Its value is the packet's share of the height.
interface Props {
  /** Percent. */
  readonly share: number;
  onShare(share: number): void;
}

const LEAST = 20;
const MOST = 85;
const STEP = 4;
export const INITIAL_SHARE = 58;

export function PaneBorder({ share, onShare }: Props) {
  const set = (value: number): void => onShare(Math.min(MOST, Math.max(LEAST, value)));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      class="ls-pane-border"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the packet"
      aria-valuenow={Math.round(share)}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onDblClick={() => set(INITIAL_SHARE)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.focus();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={({ currentTarget, pointerId, clientY }) => {
        const pane = currentTarget.parentElement?.getBoundingClientRect();
        if (pane === undefined || !currentTarget.hasPointerCapture(pointerId)) return;
        set(((pane.bottom - clientY) / pane.height) * 100);
      }}
      onKeyDown={(event) => {
        const next = { ArrowUp: share + STEP, ArrowDown: share - STEP, Home: LEAST, End: MOST }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        set(next);
      }}
    />
  );
}
