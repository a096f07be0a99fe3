import { expect, it } from 'vitest';
import { frame, TestBed } from '../../../../tests/support/wire.ts';
import { wireWords } from './wire-words.ts';

it('tells of a wire that nothing was sent on', () => {
  const { wire } = new TestBed(1);
  expect(wireWords(wire)).toEqual({
    cables: '1 of 1 cable in',
    ports: [{ machine: '0', cable: 'in', sent: '0', received: '0' }],
    learnt: [],
    moreLearnt: 0,
    counted: [
      ['Sent', '0'],
      ['Delivered', '0'],
      ['To several at once', '0'],
      ['To where it came from', '0'],
    ],
    lost: [],
  });
});

it('tells what was sent, learnt, delivered and lost, and why', () => {
  const bed = new TestBed(3, { capacity: 20 });
  bed.send(0, 255);
  bed.time.pass(61_000);
  for (let n = 0; n < 1200; n++) bed.send(1, 0);
  bed.port(2).setLink({ plugged: false });
  bed.send(2, 0);
  bed.clock.hold();
  bed.send(0, 1);
  bed.send(0, 1);
  const words = wireWords(bed.wire);
  expect(words.cables).toBe('2 of 3 cables in');
  expect(words.ports).toEqual([
    { machine: '0', cable: 'in', sent: '3', received: '1,200' },
    { machine: '1', cable: 'in', sent: '1,200', received: '1' },
    { machine: '2', cable: 'out', sent: '1', received: '1' },
  ]);
  expect(words.learnt).toEqual([
    { mac: '02:00:00:00:00:00', port: '0', heard: '0 s ago' },
    { mac: '02:00:00:00:00:01', port: '1', heard: '0 s ago' },
  ]);
  expect(Object.fromEntries(words.counted)).toEqual({
    Sent: '1,204',
    Delivered: '1,202',
    'To several at once': '1',
    'To where it came from': '0',
  });
  expect(words.lost).toEqual(['1 time: a cable was out', '1 time: too much waited already']);
  bed.clock.run();
  bed.time.pass(65_000);
  bed.send(1, 1);
  expect(wireWords(bed.wire).learnt.map(({ port, heard }) => `${port} ${heard}`)).toEqual([
    '1 0 s ago',
    '0 1 min 05 s ago',
  ]);
});

it('lists the latest hundred of many addresses, and says how many more there are', () => {
  const bed = new TestBed(2);
  for (let host = 0; host < 250; host++) {
    bed.port(0).send(frame(host, 255));
    bed.time.pass(1);
  }
  const { learnt, moreLearnt } = wireWords(bed.wire);
  expect([learnt.length, learnt[0]?.mac, moreLearnt]).toEqual([100, '02:00:00:00:00:f9', 150]);
});
