import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManifestError } from '../machine/driver.ts';
import { downloadBytes, readManifest } from './manifest.ts';

const chunk = (digit: string, size: number) => ({ hash: digit.repeat(32), size });
const machine = (name: string) => ({
  name,
  driver: 'v86',
  download: [chunk('0', 100), chunk('a', 7)],
  setup: { anything: [1] },
});
const good = {
  format: 3,
  key: '0123',
  lab: 'two-hosts',
  title: 'Two hosts',
  wires: [{ name: 'lan', machines: ['host-01', 'host-02'] }],
  machines: [machine('host-01'), machine('host-02')],
};
const read = (value: unknown) => readManifest('two-hosts', JSON.stringify(value));
const advice = '. Reload the page; if that does not help, build the lab again (npm run build).';
const complaint = (value: unknown): string => {
  try {
    read(value);
  } catch (error) {
    if (error instanceof ManifestError && error.message.endsWith(advice)) return error.message.slice(0, -advice.length);
    throw error;
  }
  throw new Error('it was read without complaint');
};

describe('the description of a lab', () => {
  it('is given back as it was written, with whatever a driver says in its setup', () => {
    expect(read(good)).toEqual(good);
    const { key, ...unstamped } = good;
    expect(key).toBe('0123');
    expect(read(unstamped)).toEqual(unstamped);
  });

  it('of an older build, or a newer one, is refused in words of its own, whatever else is in it', () => {
    expect(complaint({ format: 2, lab: 'two-hosts', machines: [{ name: 'host-01', memory: 1 }] })).toBe(
      'The lab two-hosts is described in format 2, and this page knows format 3',
    );
    expect(complaint({ format: 4 })).toContain('in format 4');
  });

  it('of another lab is refused', () => {
    expect(complaint({ ...good, lab: 'overlay' })).toBe(
      'The server gave the description of the lab overlay for that of two-hosts',
    );
  });

  const [first, second] = good.machines;
  it.each<[string, unknown]>([
    ['top level: expected only format, key,', { ...good, extra: 1 }],
    ['title: expected a string, got nothing', { ...good, title: undefined }],
    ['machines: expected a list, got {}', { ...good, machines: {} }],
    ['machines: expected at least one machine, got []', { ...good, wires: [], machines: [] }],
    ['machines: expected each name once, got "host-01"', { ...good, machines: [first, first, second] }],
    ['machines[1].name: expected a host name', { ...good, machines: [first, { ...second, name: '../x' }] }],
    [
      'machines[1].name: expected any name but "wire", which is that of wires, got "wire"',
      { ...good, wires: [], machines: [first, { ...second, name: 'wire' }] },
    ],
    ['machines[0].driver: expected the name of a driver', { ...good, machines: [{ ...first, driver: '' }, second] }],
    [
      'machines[0].download[0].hash: expected 32 hexadecimal digits',
      { ...good, machines: [{ ...first, download: [{ hash: '../../etc', size: 1 }] }, second] },
    ],
    [
      'machines[0].download[0].size: expected an integer from 1',
      { ...good, machines: [{ ...first, download: [{ hash: '0'.repeat(32), size: -5 }] }, second] },
    ],
    [
      'wires[0].machines[1]: expected one of host-01, host-02',
      { ...good, wires: [{ name: 'lan', machines: ['host-01', 'host-3'] }] },
    ],
    ['wires: expected each name once, got "lan"', { ...good, wires: [good.wires[0], { name: 'lan', machines: [] }] }],
    [
      'wires: expected each name once, got "host-01"',
      { ...good, wires: [good.wires[0], { name: 'dmz', machines: ['host-01'] }] },
    ],
  ])('with a mistake: %s', (words, value) => {
    expect(complaint(value)).toContain(`The description of the lab two-hosts cannot be understood (lab.json: ${words}`);
  });

  it('that is no JSON at all, as the page of a proxy, is refused', () => {
    expect(() => readManifest('two-hosts', '<!doctype html>')).toThrow(/cannot be understood \(lab\.json: not JSON/);
    expect(() => readManifest('two-hosts', 'x'.repeat(4_000_001))).toThrow('4000001 characters, more than');
  });

  it('is read, or refused as such, whatever is in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('lab', 'title', 'wires', 'machines'), (value, key) => {
        try {
          read({ ...good, [key]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
        }
      }),
    );
  });
});

it('what is downloaded before the machines run: each file once, however many share it', () => {
  expect(downloadBytes(read(good))).toBe(107);
});
