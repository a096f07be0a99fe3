// biome-ignore-all lint/suspicious/noControlCharactersInRegex: marks are made of control characters
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ShellMark, ShellMarkReader } from './shell-marks.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
const marksOf = (text: string): ShellMark[] => new ShellMarkReader().read(bytesOf(text));

/** What a shell and its programs print: marks, pieces of marks, and anything. */
const printed = fc
  .array(
    fc.oneof(
      fc.constantFrom('\x1b]133;A\x07', '\x1b]133;C\x07', '\x1b]133;D;0\x07', '\x1b]133;D;137\x1b\\', '\x1b]133;D\x07'),
      fc.constantFrom(
        '\x1b',
        '\x1b]',
        '\x1b]133',
        ';C',
        '\x07',
        '\x1b\\',
        '\x1bc',
        '\x18',
        '\x1b]0;title\x07',
        'root# ',
      ),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => String.fromCharCode(...bytes)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('marks of a shell', () => {
  it('a command begins, ends with its status, and the prompt comes', () => {
    expect(marksOf('root@host-01:~# false\r\n\x1b]133;C\x07\x1b]133;D;1\x07\x1b]133;A\x07root@host-01:~# ')).toEqual([
      { kind: 'begins' },
      { kind: 'ended', status: 1 },
      { kind: 'prompt' },
    ]);
  });

  it('end with BEL or with ST, and may have more said in them', () => {
    expect(marksOf('\x1b]133;A;cl=m\x1b\\\x1b]133;D\x1b\\')).toEqual([
      { kind: 'prompt' },
      { kind: 'ended', status: null },
    ]);
  });

  it.each(['\x1b]133;D;256\x07', '\x1b]133;D;-1\x07', '\x1b]133;D;1e1\x07', '\x1b]133;D;\x07'])(
    'a status that no program ends with is none: %j',
    (text) => expect(marksOf(text)).toEqual([{ kind: 'ended', status: null }]),
  );

  it.each([
    '\x1b]133;B\x07',
    '\x1b]1337;C\x07',
    '\x1b]133;CC\x07',
    ']133;C\x07',
    '\x1b[133;C\x07',
    '\x1b]133;C',
    '\x1b]133;C\x18\x07',
    `\x1b]133;C;${'x'.repeat(100)}\x07`,
  ])('what only looks like one is none: %j', (text) => expect(marksOf(text)).toEqual([]));

  it('one that broke off does not take the next one along', () => {
    expect(marksOf('\x1b]133;D\x1b]133;C\x07')).toEqual([{ kind: 'begins' }]);
    expect(marksOf('\x1b\x1b]133;C\x07')).toEqual([{ kind: 'begins' }]);
  });

  it('the terminal that is renewed (ESC c) voids what came before', () => {
    expect(marksOf('\x1b]133;C\x07\x1bc\x1b]133;A\x07')).toEqual([
      { kind: 'begins' },
      { kind: 'renewed' },
      { kind: 'prompt' },
    ]);
  });

  it('are the same wherever the output is cut', () => {
    fc.assert(
      fc.property(printed, fc.infiniteStream(fc.nat({ max: 9 })), (text, cuts) => {
        const reader = new ShellMarkReader();
        const bytes = bytesOf(text);
        const found: ShellMark[] = [];
        for (let at = 0; at < bytes.length; ) {
          const next = at + Number(cuts.next().value);
          found.push(...reader.read(bytes.subarray(at, next)));
          at = next;
        }
        expect(found).toEqual(marksOf(text));
      }),
    );
  });

  it('are those that an expression finds, where no mark breaks off', () => {
    const whole = fc.array(
      fc.oneof(
        fc.constantFrom('\x1b]133;A\x07', '\x1b]133;C\x07', '\x1b]133;D;3\x07', '\x1b]8;;http://x\x07'),
        fc.stringMatching(/^[ -~\r\n]{0,20}$/),
      ),
    );
    fc.assert(
      fc.property(whole, (parts) => {
        const text = parts.join('');
        const expected = [...text.matchAll(/\x1b\]133;(?:(A)|(C)|D;(\d+))\x07/g)].map(
          ([, prompt, begins, status]): ShellMark =>
            prompt !== undefined
              ? { kind: 'prompt' }
              : begins !== undefined
                ? { kind: 'begins' }
                : { kind: 'ended', status: Number(status) },
        );
        expect(marksOf(text)).toEqual(expected);
      }),
    );
  });
});
