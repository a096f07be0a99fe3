import { expect, it } from 'vitest';
import { isLineOf, typedIn, withoutBlanks } from './typed-line.ts';

const prompt = '\x1b[?2004h\x1b[1;32mroot@host-01\x1b[0m:\x1b[1;34m~\x1b[0m# ';
const is = (shown: string, command: string): boolean => isLineOf(withoutBlanks(shown), command);

it('colours, the breaks of a narrow terminal and the end of the line make no difference', () => {
  expect(is(`${prompt}ip -brief addr\x1b[?2004l\r\r\n`, 'ip -brief addr')).toBe(true);
  expect(is(`${prompt}docker exec client \rping -c 1\r\n`, 'docker exec client ping -c 1')).toBe(true);
  expect(is(`${prompt}echo a # b\r\n`, 'echo a # b')).toBe(true);
});

it('a longer command is another one, and so is one that was corrected', () => {
  expect(is(`${prompt}nsenter -n ip addr\r\n`, 'ip addr')).toBe(false);
  expect(is(`${prompt}ip addrs\b\x1b[K\r\n`, 'ip addr')).toBe(false);
  expect(is('ip addr\r\n', 'ip addr')).toBe(false);
  expect(is(prompt, '')).toBe(false);
});

it('what was typed is what stands behind the prompt', () => {
  expect(typedIn(`${prompt}sleep  5\x1b[?2004l\r\r\n`)).toBe('sleep 5');
  expect(typedIn('no prompt\r\n')).toBe('');
});
