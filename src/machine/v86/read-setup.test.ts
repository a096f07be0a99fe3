import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MachinePlan, ManifestError } from '../driver.ts';
import { type MachineManifest, planOf } from './manifest.ts';
import { readSetup } from './read-setup.ts';

const chunk = (digit: string, size = 1) => ({ hash: digit.repeat(32), size });
const machine: MachineManifest = {
  name: 'host-01',
  id: 'f'.repeat(32),
  engine: 'v86 0.5.462',
  memory: 384 * 1024 * 1024,
  mac: '02:00:00:00:00:01',
  clock: 94328.016964,
  devices: chunk('0'),
  ram: {
    pieceBytes: 2 * 1024 * 1024,
    layers: [
      { pages: chunk('1'), pieces: [chunk('2', 100), chunk('3')] },
      { pages: chunk('4'), pieces: [chunk('2', 100)] },
    ],
  },
  boot: { clock: 0, devices: chunk('5'), ram: { pieceBytes: 4096, layers: [{ pages: chunk('6'), pieces: [] }] } },
  disk: { bytes: 2 ** 31, pieceBytes: 256 * 1024, table: chunk('7'), prefetch: [3, 0] },
  consoles: ['aG9zdA==', ''],
  tapHeader: '1MOyoQIABAAAAAAAAAAAAAAABAAUAQAA',
};
/** Through a file and back. */
const written = (): MachinePlan => JSON.parse(JSON.stringify(planOf(machine))) as MachinePlan;

const complaint = (setup: unknown, plan = written()): string => {
  try {
    readSetup({ ...plan, setup });
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  throw new Error('it was read without complaint');
};

describe('the plan of a machine', () => {
  it('is read back as it was written', () => {
    expect(readSetup(written())).toEqual(machine);
  });

  it('says what must be had before it runs, each chunk once; what only a reboot needs is not among it', () => {
    expect(written().download.map(({ hash }) => hash[0])).toEqual(['0', '7', '1', '2', '3', '4']);
  });

  const setup = () => written().setup as Record<string, never>;
  it.each<[string, object]>([
    ['top level: expected only id, engine,', { name: 'host-01' }],
    ['id: expected 32 hexadecimal digits', { id: 'xyz' }],
    ['memory: expected an integer from 1048576 to 2147483648', { memory: 2 ** 40 }],
    ['memory: expected a multiple of 1048576', { memory: 1024 * 1024 + 1 }],
    ['mac: expected a MAC address', { mac: 'nobody' }],
    ['clock: expected a number', { clock: -1 }],
    ['devices.hash: expected 32 hexadecimal digits', { devices: { hash: '../../../secret', size: 1 } }],
    ['ram.pieceBytes: expected an integer from 4096', { ram: { ...machine.ram, pieceBytes: 0 } }],
    ['ram.layers[0].pieces: expected a list', { ram: { ...machine.ram, layers: [{ pages: chunk('1'), pieces: {} }] } }],
    ['boot: expected an object', { boot: null }],
    ['boot.ram.layers: expected a list', { boot: { ...machine.boot, ram: { pieceBytes: 4096 } } }],
    ['disk.table.size: expected an integer from 1', { disk: { ...machine.disk, table: { ...chunk('7'), size: 0 } } }],
    ['consoles[0]: expected base64', { consoles: ['not base64!'] }],
    ['tapHeader: expected at most 64 characters', { tapHeader: 'A'.repeat(100) }],
  ])('with a mistake: %s', (words, mistake) => {
    const message = complaint({ ...setup(), ...mistake });
    expect(message).toContain(`The description of the machine host-01 cannot be understood (setup: ${words}`);
    expect(message).toContain('Reload the page; if that does not help, build the lab again (npm run build).');
  });

  it('whose downloads are not what its setup needs is refused: a reader was told another size', () => {
    const plan = written();
    expect(complaint(plan.setup, { ...plan, download: plan.download.slice(1) })).toContain(
      `it needs ${'0'.repeat(32)}, which is not among its downloads`,
    );
  });

  it('is read, or refused as such, whatever its setup is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(null, ...Object.keys(setup())), (value, key) => {
        try {
          readSetup({ ...written(), setup: key === null ? value : { ...setup(), [key]: value } });
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
        }
      }),
    );
  });
});
