// The button in a pane's corner that gives the pane all the room of the lab. Whether it has it, the lab's element says (data-max
// of lab-panel.astro), and this button's sign follows by CSS.
import { Button } from './button.tsx';

interface Props {
  /** "picture": what the pane shows. */
  readonly name: string;
  readonly onPress: () => void;
}

export const MaximiseButton = ({ name, onPress }: Props) => (
  <Button
    icon
    class="ls-maximise"
    aria-label={`Maximise or restore the ${name}`}
    aria-keyshortcuts="F8"
    title="Maximise, or restore (F8)"
    onClick={onPress}
  >
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" fill="none" stroke="currentColor" stroke-width="1.75" />
    </svg>
  </Button>
);
