// What stands in the box of a machine that does not run: what is the matter with it, for how long, and a button that starts it. Not drawn to
// the picture's scale, so that it can be read and pressed however far away the picture is.

import { effect } from '@preact/signals';
import type { Core } from 'cytoscape';
import type { Lab } from '../../../lab/lab.ts';
import { actionsFor, boxWords } from '../../machines/machine-words.ts';
import { durationWords } from '../../ui/words.ts';
import './machine-notes.css';

export class MachineNotes {
  readonly #plane = document.createElement('div');
  readonly #cy: Core;
  readonly #notes = new Map<string, HTMLElement>();
  readonly #stop: () => void;
  /** Machine -> when its wait began, ms. */
  readonly #since = new Map<string, number>();

  constructor(host: HTMLElement, cy: Core, lab: Lab) {
    this.#cy = cy;
    this.#plane.className = 'tp-notes';
    host.append(this.#plane);
    const ends = lab.machines.map((machine) =>
      effect(() => {
        const state = machine.state.value;
        const words = boxWords({ state, reported: machine.kernel.value !== null });
        const [start] = actionsFor(machine, state, undefined).filter(({ name }) => name === 'on');
        const waits = state.kind === 'loading' || (state.kind === 'running' && words !== '');
        if (!waits) this.#since.delete(machine.name);
        else if (!this.#since.has(machine.name)) this.#since.set(machine.name, performance.now());
        this.#show(machine.name, words, start?.label ?? '', () => {
          // What is wrong, its state says.
          lab.startMachine(machine.name).catch(() => {});
        });
      }),
    );
    const clock = setInterval(() => this.#tick(), 1000);
    this.#stop = () => {
      clearInterval(clock);
      for (const end of ends) end();
    };
  }

  /** Puts everything where cytoscape has it now. */
  place(): void {
    for (const [machine, note] of this.#notes) {
      const node = this.#cy.getElementById(machine);
      note.hidden = node.empty();
      if (node.empty()) continue;
      const { x1, y1, x2, y2 } = node.renderedBoundingBox({ includeLabels: false, includeOverlays: false });
      note.style.maxWidth = `${Math.max(64, x2 - x1)}px`;
      note.style.transform = `translate(${(x1 + x2) / 2}px, ${(y1 + y2) / 2}px) translate(-50%, -50%)`;
    }
  }

  dispose(): void {
    this.#stop();
    this.#plane.remove();
  }

  #show(machine: string, words: string, action: string, onPress: () => void): void {
    this.#notes.get(machine)?.remove();
    this.#notes.delete(machine);
    if (words === '') return;
    const note = document.createElement('div');
    note.className = 'tp-note';
    const text = document.createElement('p');
    text.textContent = words;
    const elapsed = document.createElement('p');
    elapsed.className = 'tp-elapsed';
    note.append(text, elapsed);
    if (action !== '') {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'ls-button is-small';
      button.textContent = action;
      button.setAttribute('aria-label', `${action}: ${machine}`);
      button.addEventListener('click', onPress);
      note.append(button);
    }
    this.#plane.append(note);
    this.#notes.set(machine, note);
    this.#tick();
    this.place();
  }

  #tick(): void {
    for (const [machine, note] of this.#notes) {
      const since = this.#since.get(machine);
      const elapsed = note.querySelector('.tp-elapsed');
      if (elapsed !== null && since !== undefined)
        elapsed.textContent = durationWords((performance.now() - since) / 1000);
    }
  }
}
