import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue, type Slot } from './event-queue.ts';

test('is a list sorted by time and order, whatever is put in and taken out', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), due: fc.nat(20) }),
    fc.record({ kind: fc.constant('take' as const) }),
    fc.record({ kind: fc.constant('remove' as const), which: fc.nat(50) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new EventQueue<Slot>();
      let model: Slot[] = [];
      for (const [order, what] of steps.entries()) {
        if (what.kind === 'add') {
          const event = { due: what.due, order };
          queue.add(event);
          model.push(event);
          model.sort((a, b) => a.due - b.due || a.order - b.order);
        } else if (what.kind === 'take') {
          expect(queue.take()).toBe(model.shift());
        } else {
          const event = model[what.which] ?? { due: 3, order: -1 };
          expect(queue.indexOf(event)).toBe(model.indexOf(event));
          expect(queue.remove(event)).toBe(model.includes(event));
          model = model.filter((other) => other !== event);
        }
        expect(queue.list()).toEqual(model);
        expect(queue.first).toBe(model[0]);
        expect(queue.size).toBe(model.length);
      }
    }),
  );
});
