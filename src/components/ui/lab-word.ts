// The lab that is alive on this page or behind it, for who says so: a DOM event, so that neither needs to know the other.
export const labWordEvent = 'lockstep:lab-word';

export interface LabWord {
  /** "super bridge" */
  readonly title: string;
  /** "running" */
  readonly state: string;
  /** It stands on this page; otherwise it is out of sight. */
  readonly here: boolean;
  /** The page that it was last seen on. */
  readonly href: string;
}

declare global {
  interface DocumentEventMap {
    [labWordEvent]: CustomEvent<LabWord | null>;
  }
}

let latest: LabWord | null = null;

/** null: there is none. */
export function tellLabWord(word: LabWord | null): void {
  latest = word;
  document.dispatchEvent(new CustomEvent(labWordEvent, { detail: word }));
}

export const labWord = (): LabWord | null => latest;
