import { expect, test } from 'vitest';
import { dissect } from '../packet/dissect.ts';
import { LinkType, linkTypeName } from './link-type.ts';

test.each(Object.entries(LinkType))('%s is decoded', (name, linkType) => {
  expect(linkTypeName(linkType)).toBe(name);
  expect(dissect(new Uint8Array(64).fill(0x45), linkType)[0]?.protocol).not.toBe('data');
});

test('one that nothing decodes has its number for a name, and data for a layer', () => {
  expect(linkTypeName(147)).toBe('link type 147');
  expect(dissect(Uint8Array.of(1, 2, 3), 147)).toMatchObject([{ protocol: 'data', length: 3 }]);
});
