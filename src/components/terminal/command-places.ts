// Where each command of a shell stands in its terminal, by the marks in its output (src/guest/shell-marks.ts): from the
// prompt that it was typed at to the next one.
import type { IDecoration, IMarker, Terminal } from '@xterm/xterm';

interface Place {
  readonly from: IMarker | undefined;
  to: IMarker | undefined;
}

/** No more than there can be in what a terminal keeps. */
const most = 2000;
/** ms; as long as it takes to find it with one's eyes. */
const lit = 2500;

export class CommandPlaces {
  readonly #terminal: Terminal;
  #places: Place[] = [];
  #prompt: IMarker | undefined;
  #light: IDecoration | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.parser.registerOscHandler(133, (data) => {
      // A marker of the other screen, which full-screen programs use, would be gone with it: then there is none.
      if (/^A(;|$)/.test(data)) this.#prompted(terminal.registerMarker(0));
      else if (/^C(;|$)/.test(data)) this.#began(terminal.registerMarker(-1));
      return true;
    });
  }

  /** Brings the last but `since`-th command into sight, and lights it up for a moment. False when it is not there any more. */
  show(since: number): boolean {
    const place = this.#places.at(-1 - since);
    const line = place?.from?.line ?? -1;
    if (place?.from === undefined || line < 0) return false;
    const { buffer, cols } = this.#terminal;
    const end = place.to && place.to.line > line ? place.to.line : buffer.active.baseY + buffer.active.cursorY + 1;
    this.#terminal.scrollToLine(line);
    this.#out();
    const light = this.#terminal.registerDecoration({
      marker: place.from,
      width: cols,
      height: Math.max(1, end - line),
    });
    light?.onRender((element) => element.classList.add('term-found'));
    this.#light = light;
    this.#timer = setTimeout(() => this.#out(), lit);
    return true;
  }

  #out(): void {
    clearTimeout(this.#timer);
    this.#light?.dispose();
    this.#light = undefined;
  }

  #prompted(marker: IMarker | undefined): void {
    const last = this.#places.at(-1);
    if (last) last.to ??= marker;
    this.#prompt = marker;
  }

  #began(marker: IMarker | undefined): void {
    this.#places.push({ from: this.#prompt ?? marker, to: undefined });
    this.#prompt = undefined;
    if (this.#places.length > most) this.#places = this.#places.slice(-most / 2);
  }
}
