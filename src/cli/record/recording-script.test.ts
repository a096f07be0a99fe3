import { expect, test } from 'vitest';
import type { LabFile } from '../../lab/lab-file.ts';
import { parseLabFile } from '../../lab/parse-lab-file.ts';
import { parseScript } from './recording-script.ts';

const lab: LabFile = parseLabFile(
  [
    'id: pair',
    'title: A pair',
    'summary: Two machines.',
    'machines:',
    '  - { name: host-01, memory: 256 }',
    '  - { name: host-02, memory: 256 }',
  ].join('\n'),
  'lab.yaml',
);

test('a line a command, in the terminal of the machine that was named last', () => {
  const source = '# what this shows\n\nip addr\n# on host-02\n  ping -c 1 10.0.0.1  \n# on host-01\ndocker ps\n';
  expect(parseScript(lab, source, 'a.sh')).toEqual([
    { machine: 'host-01', text: 'ip addr', prepares: false },
    { machine: 'host-02', text: 'ping -c 1 10.0.0.1', prepares: false },
    { machine: 'host-01', text: 'docker ps', prepares: false },
  ]);
});

test('what stands before "# record" is typed, and not in the recording', () => {
  const lines = parseScript(lab, 'docker run -d whoami\n# on host-02\n# record\nping -c 1 10.0.0.1\n', 'a.sh');
  expect(lines.map(({ text, prepares }) => [text, prepares])).toEqual([
    ['docker run -d whoami', true],
    ['ping -c 1 10.0.0.1', false],
  ]);
  expect(() => parseScript(lab, 'ip addr\n# record\n', 'a.sh')).toThrow('a.sh has no command');
});

test('what cannot be typed is refused, with what would do', () => {
  expect(() => parseScript(lab, '# only this\n', 'a.sh')).toThrow('a.sh has no command');
  expect(() => parseScript(lab, '# on host-2\nls\n', 'a.sh')).toThrow('Did you mean "host-02"?');
  expect(() => parseScript(lab, 'echo a \\\n  b\n', 'a.sh')).toThrow('Join them');
});
