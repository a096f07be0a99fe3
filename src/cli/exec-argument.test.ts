import { expect, test } from 'vitest';
import { parseLabFile } from '../lab/parse-lab-file.ts';
import { aptProgress } from './builder/install-debian.ts';
import { parseExec } from './exec-argument.ts';

const lab = parseLabFile(
  'id: pair\ntitle: A pair\nsummary: Two.\nmachines:\n  - { name: host-01, memory: 256 }\n  - { name: host-02, memory: 256 }\n',
  'lab.yaml',
);

test('the first colon parts the machine from the command', () => {
  expect(parseExec(lab, 'host-01: docker ps')).toEqual({ machine: 'host-01', command: 'docker ps' });
  expect(parseExec(lab, ' host-02:curl http://a:80/ ')).toEqual({ machine: 'host-02', command: 'curl http://a:80/ ' });
  expect(parseExec(lab, 'host-01: cat <<E\na: b\nE')).toEqual({ machine: 'host-01', command: 'cat <<E\na: b\nE' });
});

test('what names no machine, or none that the lab has, is refused with what would do', () => {
  for (const text of ['docker ps', 'host-01:', ': ls', '', 'two words: ls']) {
    expect(() => parseExec(lab, text)).toThrow('Expected "<machine>: <command>", such as "host-01: ip addr".');
  }
  expect(() => parseExec(lab, 'hots-01: ls')).toThrow(
    'The lab "pair" has no machine "hots-01". Did you mean "host-01"?',
  );
  expect(() => parseExec(lab, 'database: ls')).toThrow('Machines: host-01, host-02.');
});

test('the progress that apt reports is understood, and nothing else is taken for it', () => {
  expect(aptProgress('dlstatus:3:40.5:Retrieving file 3 of 6')).toEqual({
    fraction: 0.2025,
    detail: 'Retrieving file 3 of 6',
  });
  expect(aptProgress('pmstatus:libzstd1:amd64:50:Unpacking libzstd1:amd64')).toEqual({
    fraction: 0.75,
    detail: 'Unpacking libzstd1:amd64',
  });
  expect(aptProgress('Setting up zstd (1.5.4) ...')).toBeNull();
});
