// A button of a panel, in the looks of button.css.
import type { ButtonHTMLAttributes, Ref } from 'preact';

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'class' | 'className' | 'disabled' | 'ref'> {
  /** The plain one has a border; "menu" is a line of a menu. */
  readonly look?: 'plain' | 'primary' | 'quiet' | 'menu';
  /** "small" is the size for panels. */
  readonly size?: 'small' | 'normal' | 'large';
  /** It holds a sign and no words. */
  readonly icon?: boolean;
  /** It is switched on; left out where it is no switch. */
  readonly pressed?: boolean;
  /** What it began is not done yet: until then it does nothing. */
  readonly busy?: boolean;
  /** Why it can do nothing now, as a sentence; left out, or undefined, when it can. */
  readonly whyNot?: string | undefined;
  /** For the place where the button stands, not for how it looks. */
  readonly class?: string;
  readonly element?: Ref<HTMLButtonElement>;
}

/**
 * A button that cannot be pressed keeps its place in the order of the Tab key and says why: with the attribute `disabled` a
 * browser would skip it, and drop the focus of whoever has just pressed it.
 */
export function Button({
  look = 'plain',
  size = 'small',
  icon = false,
  pressed,
  busy = false,
  whyNot,
  class: place = '',
  element,
  type = 'button',
  title,
  onClick,
  ...rest
}: Props) {
  const idle = busy || whyNot !== undefined;
  const classes = [
    'ls-button',
    look !== 'plain' && `is-${look}`,
    size !== 'normal' && look !== 'menu' && `is-${size}`,
    icon && 'is-icon',
    place,
  ];
  return (
    <button
      {...rest}
      {...(element === undefined ? {} : { ref: element })}
      type={type}
      class={classes.filter(Boolean).join(' ')}
      aria-pressed={pressed}
      aria-busy={busy || undefined}
      aria-disabled={idle || undefined}
      title={whyNot === undefined ? title : title === undefined ? whyNot : `${title}. ${whyNot}`}
      onClick={
        idle
          ? (event) => {
              // The click would go on to submit the form, or to whoever listens around the button.
              event.preventDefault();
              event.stopPropagation();
            }
          : onClick
      }
    />
  );
}
