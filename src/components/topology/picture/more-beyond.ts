// At an edge of the picture beyond which there is more of it: a button that moves it into sight. A finger, or a mouse, can do that as well;
// this says that there is something to move.
import type { Core } from 'cytoscape';
import './more-beyond.css';

/** px that are no more than a margin. */
const SLACK = 12;
/** Of its window, that one press moves. */
const STEP = 0.7;

const SIDES = ['left', 'right', 'top', 'bottom'] as const;
type Side = (typeof SIDES)[number];

const WORDS: Readonly<Record<Side, string>> = {
  left: 'to the left',
  right: 'to the right',
  top: 'above',
  bottom: 'below',
};

export class MoreBeyond {
  readonly #cy: Core;
  readonly #buttons = new Map<Side, HTMLButtonElement>();

  /** @param onMove px by which the picture is to be moved */
  constructor(host: HTMLElement, cy: Core, onMove: (x: number, y: number) => void) {
    this.#cy = cy;
    for (const side of SIDES) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = `tp-more tp-more-${side}`;
      button.textContent = '›';
      button.ariaLabel = button.title = `There is more of the picture ${WORDS[side]}`;
      button.hidden = true;
      button.addEventListener('click', () => {
        const [x, y] = [this.#cy.width() * STEP, this.#cy.height() * STEP];
        onMove(side === 'left' ? x : side === 'right' ? -x : 0, side === 'top' ? y : side === 'bottom' ? -y : 0);
      });
      host.append(button);
      this.#buttons.set(side, button);
    }
  }

  /** Shows where there is more now. */
  place(): void {
    const all = this.#cy.nodes();
    const box = all.empty() ? null : all.renderedBoundingBox({ includeLabels: false, includeOverlays: false });
    const beyond: Readonly<Record<Side, number>> =
      box === null
        ? { left: 0, right: 0, top: 0, bottom: 0 }
        : { left: -box.x1, right: box.x2 - this.#cy.width(), top: -box.y1, bottom: box.y2 - this.#cy.height() };
    for (const [side, button] of this.#buttons) button.hidden = beyond[side] <= SLACK;
  }

  dispose(): void {
    for (const button of this.#buttons.values()) button.remove();
  }
}
