import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatIpv6, formatText } from './format.ts';

const address = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/[^0-9a-f]/g, ''), 'hex'));

test.each([
  ['2001 0db8 0000 0000 0001 0000 0000 0001', '2001:db8::1:0:0:1'], // RFC 5952 section 4.2.3: the first of equal runs
  ['2001 0db8 0000 0001 0001 0001 0001 0001', '2001:db8:0:1:1:1:1:1'], // section 4.2.2: not for one group
  ['2001 0000 0000 0001 0000 0000 0000 0001', '2001:0:0:1::1'], // section 4.2.3: the longest run
  ['0000 0000 0000 0000 0000 0000 0000 0000', '::'],
  ['0000 0000 0000 0000 0000 0000 0000 0001', '::1'],
  ['fe80 0000 0000 0000 0000 0000 0000 0000', 'fe80::'],
  ['0000 0000 0000 0000 0000 ffff ac11 0002', '::ffff:172.17.0.2'],
  ['ff02 0000 0000 0000 0000 0001 ff00 0003', 'ff02::1:ff00:3'],
  ['0001 0002 0003 0004 0005 0006 0007 0008', '1:2:3:4:5:6:7:8'],
])('%s is %s', (hex, text) => expect(formatIpv6(address(hex), 0)).toBe(text));

test('every address is one that Node reads back as the same', () => {
  const sparse = fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(sparse, (groups) => {
      const text = formatIpv6(Uint8Array.from(groups), 0);
      expect(isIPv6(text)).toBe(true);
      const canonical = (literal: string): string => new URL(`http://[${literal}]/`).hostname;
      const full = Array.from({ length: 8 }, (_, i) =>
        (((groups[2 * i] ?? 0) << 8) | (groups[2 * i + 1] ?? 0)).toString(16),
      ).join(':');
      expect(canonical(text)).toBe(canonical(full));
    }),
  );
});

test('text from a packet stays on its line and cannot steer a terminal', () => {
  expect(formatText(Uint8Array.of(0x41, 0x0d, 0x0a, 0x1b, 0x5b, 0xff), 0, 6)).toBe('A\\r\\n\\x1b[\\xff');
});
