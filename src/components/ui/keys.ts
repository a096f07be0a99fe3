// All keys that the site knows, for the page of keys and the lab's dialog. What a key does stands where the key is read: whoever
// changes it there changes it here.

export interface Key {
  /** Those that are pressed together; several lists: any of them. */
  readonly press: readonly (readonly string[])[];
  readonly does: string;
}

export interface KeyGroup {
  readonly where: string;
  readonly keys: readonly Key[];
}

const one = (...keys: readonly string[]): readonly (readonly string[])[] => keys.map((key) => [key]);
const together = (...keys: readonly string[]): readonly (readonly string[])[] => [keys];

export const keyGroups: readonly KeyGroup[] = [
  {
    where: 'Anywhere but in a field or a terminal',
    keys: [
      { press: together('?'), does: 'this list' },
      { press: together('Ctrl', 'K'), does: 'search the course; in a field as well. On a Mac ⌘ K' },
    ],
  },
  {
    where: 'In the lab',
    keys: [{ press: together('F8'), does: 'the pane that you are in takes all the room, or gives it back' }],
  },
  {
    where: 'In a terminal',
    keys: [
      { press: [['F6'], ['Shift', 'F6']], does: 'leave it, forwards or backwards: the Tab key is the shell’s' },
      { press: together('Ctrl', 'Shift', 'C'), does: 'copy what is selected' },
      { press: together('Ctrl', 'Shift', 'V'), does: 'paste' },
      { press: together('Ctrl', 'Shift', 'F'), does: 'find in what was printed' },
      { press: [['Enter'], ['Shift', 'Enter']], does: 'while finding: the next, the one before' },
      { press: together('Esc'), does: 'while finding: close it' },
    ],
  },
  {
    where: 'In the picture',
    keys: [
      { press: one('←', '→', '↑', '↓'), does: 'to the nearest device or wire that way' },
      { press: together('Enter'), does: 'look at it' },
      { press: one('+', '-'), does: 'nearer, farther' },
      { press: together('0'), does: 'all of it' },
    ],
  },
  {
    where: 'In the steps under the picture',
    keys: [
      { press: one('←', '→'), does: 'a step back, a step on' },
      { press: together('Space'), does: 'play or stop, where no button is in the way' },
      { press: one('Home', 'End'), does: 'to the first packet, to the last' },
    ],
  },
  {
    where: 'In the list of packets',
    keys: [
      { press: one('↑', '↓', 'Page Up', 'Page Down', 'Home', 'End'), does: 'to another packet' },
      { press: together('Enter'), does: 'open the packet, or close it' },
      { press: together('Esc'), does: 'close it' },
      { press: together('m'), does: 'mark it, or take the mark off' },
      { press: [['n'], ['Shift', 'N']], does: 'to the next mark, to the one before' },
      { press: together('f'), does: 'follow its conversation' },
      { press: together('c'), does: 'compare it with the next packet that you choose' },
    ],
  },
  {
    where: 'In a packet',
    keys: [
      { press: one('↑', '↓', 'Home', 'End'), does: 'in the fields: to another one' },
      { press: one('→', '←'), does: 'in the fields: open a header, close it' },
      { press: together('*'), does: 'in the fields: open all headers' },
      { press: one('←', '→', '↑', '↓', 'Page Up', 'Page Down'), does: 'in the bytes: to another one' },
      { press: one('Home', 'End'), does: 'in the bytes: to the ends of the line; with Ctrl, of the packet' },
    ],
  },
  {
    where: 'In the filter',
    keys: [
      { press: one('↑', '↓'), does: 'what can be said, or what was used before' },
      { press: together('Ctrl', 'Space'), does: 'what can be said here' },
      { press: one('Enter', 'Tab'), does: 'take what is chosen in the list; Enter without one: use the filter' },
      { press: together('Esc'), does: 'close the list' },
    ],
  },
  {
    where: 'On tabs and borders',
    keys: [
      { press: one('←', '→', 'Home', 'End'), does: 'on a tab: to another one' },
      { press: one('←', '→', '↑', '↓', 'Home', 'End'), does: 'on a border: move it. A double-click puts it back' },
    ],
  },
  {
    where: 'In a recording',
    keys: [
      { press: one('←', '→'), does: 'a step back, a step on' },
      { press: one('Home', 'End'), does: 'to the first step, to the last' },
      { press: together('Space'), does: 'play or pause, where no button is in the way' },
    ],
  },
  {
    where: 'In what the search has found',
    keys: [
      { press: one('↑', '↓'), does: 'to another passage' },
      { press: together('Enter'), does: 'go there' },
    ],
  },
];
