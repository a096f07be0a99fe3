// Where a lab that is alive goes when the page around it is exchanged for another one: into its place on the new page, if that has the
// same lab, or out of sight. The element is moved, never made anew: machines, terminals and what the reader arranged in it go on.

/** An element that is a lab: lab-element.ts. */
export interface PlacedLab extends HTMLElement {
  /** Machines run, stand or are on their way: it is worth keeping. */
  readonly alive: boolean;
  /** The page around it is about to be exchanged. */
  leaving(): void;
  /** It has been put into its place, or out of sight; called after the page around it is there. */
  placed(): void;
  /** Keeps what can be kept, and ends. */
  leave(): Promise<void>;
}

const awayId = 'lab-away';

const isPlaced = (element: Element): element is PlacedLab => 'alive' in element;

/** The lab that is alive, on the page or out of sight. */
export function livingLab(): PlacedLab | null {
  for (const element of document.querySelectorAll('lockstep-lab'))
    if (isPlaced(element) && element.alive) return element;
  return null;
}

/** Whether this lab is out of sight. */
export const isAway = (lab: Element): boolean => lab.closest(`#${awayId}`) !== null;

/**
 * Puts the content of a new page in the place of this one's, around the lab.
 *
 * @param content the new page's body, of a document that nobody shows
 */
export function exchangeBody(content: HTMLElement): void {
  const lab = livingLab();
  const body = document.body;
  const old = [...body.childNodes];
  lab?.leaving();
  let place: Element | null = null;
  let away = document.getElementById(awayId);
  if (lab !== null) {
    const same = [...content.querySelectorAll<HTMLElement>('lockstep-lab')].find(
      ({ dataset }) => dataset['lab'] === lab.dataset['lab'],
    );
    place = content.ownerDocument.createElement('div');
    if (same !== undefined) same.replaceWith(place);
    else {
      away ??= makeAway();
      away.append(place);
      place = away.lastElementChild;
    }
  }
  for (const { name } of [...body.attributes]) body.removeAttribute(name);
  for (const { name, value } of content.attributes) body.setAttribute(name, value);
  // What is out of sight stays behind all that can be read: the link to the content is the first of a page.
  if (away === null) body.append(...content.childNodes);
  else away.before(...content.childNodes);
  if (lab !== null && place !== null) {
    move(lab, place);
    place.remove();
  }
  for (const node of old) if (node !== away) node.remove();
  // A lab that has ended out of sight.
  for (const other of away?.children ?? []) if (other !== lab) other.remove();
  if (away?.childElementCount === 0) away.remove();
  lab?.placed();
}

function makeAway(): HTMLElement {
  const away = document.createElement('div');
  away.id = awayId;
  away.hidden = true;
  document.body.append(away);
  return away;
}

/** In one go where the browser can: focus, scroll positions and animations stay. */
function move(element: Element, before: Element): void {
  const parent = before.parentElement as (Element & { moveBefore?(node: Node, child: Node | null): void }) | null;
  if (parent?.moveBefore !== undefined) parent.moveBefore(element, before);
  else parent?.insertBefore(element, before);
}
