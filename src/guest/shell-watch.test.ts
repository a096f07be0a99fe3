import { expect, it } from 'vitest';
import { GuestConsole } from './guest-console.ts';
import { type ShellState, ShellWatch } from './shell-watch.ts';

const [A, C] = ['\x1b]133;A\x07', '\x1b]133;C\x07'];
const D = (status: number): string => `\x1b]133;D;${status}\x07`;

function watched(before = '') {
  const console = new GuestConsole(
    0,
    () => {},
    () => {},
  );
  const print = (text: string): void => console.receive(new TextEncoder().encode(text));
  print(before);
  let now = 0;
  const watch = new ShellWatch(console, () => now);
  const heard: ShellState[] = [];
  watch.state.subscribe((state) => heard.push(state));
  return { console, print, watch, heard, at: (ms: number) => (now = ms) };
}

it('a shell without marks stays unknown', () => {
  const { print, watch } = watched();
  print('root@host-01:~# ls\r\n');
  expect(watch.state.value).toEqual({ kind: 'unknown' });
  expect(watch.marked).toBe(false);
});

it('a command is busy from its beginning to the next prompt, and its status stays', () => {
  const { print, watch, at } = watched();
  print(`${D(0)}${A}root# `);
  expect(watch.state.value).toEqual({ kind: 'prompt', status: 0 });
  at(500);
  print(`sleep 5\r\n${C}`);
  expect(watch.state.value).toEqual({ kind: 'busy', since: 500, command: 'sleep 5' });
  print(D(130));
  expect(watch.state.value.kind).toBe('busy');
  print(`${A}root# `);
  expect(watch.state.value).toEqual({ kind: 'prompt', status: 130 });
  expect(watch.begun).toBe(1);
});

it('whoever listens hears of each command, also of those that came in one piece', () => {
  const { print, heard } = watched();
  print(`${A}${C}${D(0)}${A}${C}${D(0)}${A}`);
  expect(heard.map(({ kind }) => kind)).toEqual(['unknown', 'prompt', 'busy', 'prompt', 'busy', 'prompt']);
});

it('knows what was printed before it looked', () => {
  expect(watched(`${A}root# `).watch.state.value.kind).toBe('prompt');
  expect(watched(`${A}root# cat\r\n${C}`).watch.state.value.kind).toBe('busy');
});

it('a machine that went back has another shell: what it showed then decides', () => {
  const { console, print, watch, heard } = watched();
  print(`${A}root# `);
  const then = console.shown();
  print(`cat\r\n${C}`);
  console.replace(then);
  expect(watch.state.value).toEqual({ kind: 'prompt', status: null });
  expect(heard.map(({ kind }) => kind)).toEqual(['unknown', 'prompt', 'busy', 'unknown', 'prompt']);
});

it('what is forgotten is unknown, until its shell marks again', () => {
  const { print, watch } = watched(`${D(1)}${A}`);
  watch.forget();
  expect(watch.state.value).toEqual({ kind: 'unknown' });
  expect(watch.marked).toBe(true);
  print(A);
  expect(watch.state.value).toEqual({ kind: 'prompt', status: null });
});

it('tells of each command that ended: its line, its status; of earlier ones to whoever asks later', () => {
  const { console, print, watch } = watched();
  const early: unknown[] = [];
  watch.onEnded((command) => early.push(command));
  print(`${D(0)}${A}root@h:~# `);
  print('docker ');
  print(`ps\r\n${C}out`);
  print(`put\r\n${D(3)}${A}root@h:~# x\r\n${C}${D(0)}${A}`);
  const all = [
    { number: 1, line: 'root@h:~#dockerps', status: 3 },
    { number: 2, line: 'root@h:~#x', status: 0 },
  ];
  expect(early).toEqual(all);
  const late: unknown[] = [];
  watch.onEnded((command) => late.push(command));
  expect(late).toEqual(all);
  // Another machine's terminal tells of its own.
  console.replace([new TextEncoder().encode(`${A}root@h:~# y\r\n${C}${D(1)}${A}`)]);
  expect(late.slice(2)).toEqual([{ number: 3, line: 'root@h:~#y', status: 1 }]);
});
