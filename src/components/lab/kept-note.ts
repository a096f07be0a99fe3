// What the page knows of a moment that was kept, before any code of the lab is there: when that was, and where the reader was. Only a
// note: whether the moment is there and can be used, shows when it is.

import type { KeeperState } from '../../lab/keeper.ts';
import type { NoShelf } from '../../lab/shelf.ts';

export interface KeptNote {
  /** ms since the epoch. */
  readonly at: number;
  /** When the page went, if it could say so. */
  readonly gone?: number;
  /** What the lab was built from, if that is known: what is kept of another build is of no use. */
  readonly key?: string;
}

const keyOf = (lab: string): string => `lockstep-kept/${lab}`;
/** In this tab: the lab that runs in it, so that after a reload it goes on by itself. */
const hereKey = 'lockstep-lab-here';

export function readNote(lab: string): KeptNote | null {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(keyOf(lab)) ?? 'null');
    if (typeof stored !== 'object' || stored === null || !('at' in stored) || typeof stored.at !== 'number')
      return null;
    return {
      at: stored.at,
      ...('gone' in stored && typeof stored.gone === 'number' ? { gone: stored.gone } : {}),
      ...('key' in stored && typeof stored.key === 'string' ? { key: stored.key } : {}),
    };
  } catch {
    return null;
  }
}

/** null: nothing is kept any more. */
export function writeNote(lab: string, note: KeptNote | null): void {
  try {
    if (note === null) localStorage.removeItem(keyOf(lab));
    else localStorage.setItem(keyOf(lab), JSON.stringify(note));
  } catch {
    // Without it nobody is told of the moment.
  }
}

/** What this tab did last with this lab: 'runs'; 'tries': it was on its way back to what was kept, and did not get there. */
export function labHere(lab: string): 'runs' | 'tries' | null {
  try {
    const [which, how] = (sessionStorage.getItem(hereKey) ?? '').split(' ');
    return which === lab && (how === 'runs' || how === 'tries') ? how : null;
  } catch {
    return null;
  }
}

export function setLabHere(lab: string, how: 'runs' | 'tries' | null): void {
  try {
    if (how !== null) sessionStorage.setItem(hereKey, `${lab} ${how}`);
    else if (sessionStorage.getItem(hereKey)?.startsWith(`${lab} `)) sessionStorage.removeItem(hereKey);
  } catch {
    // A reload will ask.
  }
}

const minute = 60_000;

/** "Kept at 14:03, 2 minutes before the page went." @param now ms since the epoch */
export function keptWords({ at, gone }: KeptNote, now: number): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date(now).toDateString();
  const day = isToday ? '' : `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long' })}, `;
  const kept = `Kept at ${day}${timeOf(at)}`;
  if (gone === undefined || gone < at) return `${kept}.`;
  const minutes = Math.round((gone - at) / minute);
  if (gone - at < minute) return `${kept}, less than a minute before the page went.`;
  return `${kept}, ${minutes} minute${minutes === 1 ? '' : 's'} before the page went.`;
}

/** What a reader must know of a lab that runs, if he would lose it with the page: sentences; "" when all is well. */
export function keptTrouble(kept: KeeperState | NoShelf | null): string {
  if (kept === 'none')
    return 'What you do here is lost with the page: this browser gives it no storage to keep a lab in (over https, a current one does).';
  if (kept === 'busy')
    return 'Another tab has this lab open, and keeps its own: what you do in this tab is lost with the page.';
  if (kept === null || kept.trouble === '') return '';
  const before = kept.at === null ? '' : ` What was kept at ${timeOf(kept.at)} is still there.`;
  return `The lab could not be kept: ${kept.trouble}. It is tried again.${before}`;
}

function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}
