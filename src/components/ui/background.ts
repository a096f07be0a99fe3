// Whether picture and list show what the machines of a lab send by themselves (hop/background.ts). One answer for both, kept
// with the reader's other preferences.
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals-core';
import { loadPreferences, savePreference } from './preferences.ts';

const shown = signal(loadPreferences().background === 'shown');

export const showsBackground: ReadonlySignal<boolean> = shown;

export function showBackground(shows: boolean): void {
  shown.value = shows;
  savePreference('background', shows ? 'shown' : 'hidden');
}
