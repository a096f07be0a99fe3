import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OutputBuffer } from './output-buffer.ts';

it('gives every byte once, in order, in a buffer that can be transferred while more is pushed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.uint8Array({ maxLength: 9000, size: 'max' }), { maxLength: 4 }), { maxLength: 6 }),
      (slices) => {
        const output = new OutputBuffer();
        for (const parts of slices) {
          for (const bytes of parts) output.push(bytes);
          const wanted = Buffer.concat(parts);
          const taken = output.take();
          expect(Buffer.compare(taken ?? new Uint8Array(), wanted)).toBe(0);
          expect(taken === undefined).toBe(wanted.length === 0);
          expect(taken?.buffer.byteLength ?? 0).toBe(wanted.length);
          if (taken !== undefined) structuredClone(taken, { transfer: [taken.buffer] });
          expect(output.take()).toBeUndefined();
        }
      },
    ),
    { numRuns: 50 },
  );
});
