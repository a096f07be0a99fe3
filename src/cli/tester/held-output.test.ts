import { expect, test } from 'vitest';
import { HeldOutput } from './held-output.ts';

test('what is written is kept until it is released, and passed on in its order', () => {
  let shown = '';
  const output = new HeldOutput({ write: (text) => (shown += text) });
  output.write('one ');
  output.write('two ');
  expect(shown).toBe('');
  output.release();
  output.write('three');
  output.release();
  expect(shown).toBe('one two three');
});
