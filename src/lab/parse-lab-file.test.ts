import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';
import { LabFileError, parseLabFile } from './parse-lab-file.ts';

const good = `id: two-hosts
title: Two hosts
summary: Two machines on one wire.
machines:
  - name: host-01
    memory: 384
    services: [docker]
    nics:
      - wire: lan
        mac: 02:00:00:00:00:01
        address: 10.0.0.11/24
  - name: host-02
    memory: 256
    hostname: other
    nics: [{ wire: lan }]
wires:
  - name: lan
`;

/** What a person reads when the file is wrong. */
function complaint(text: string): string {
  try {
    parseLabFile(text, 'lab.yaml');
  } catch (error) {
    if (error instanceof LabFileError) return error.message;
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('a lab file', () => {
  test('with several machines on a wire is read, and defaults are filled in', () => {
    const lab = parseLabFile(good, 'lab.yaml');
    expect(lab.machines.map(({ name, services, images }) => ({ name, services, images }))).toEqual([
      { name: 'host-01', services: ['docker'], images: [] },
      { name: 'host-02', services: [], images: [] },
    ]);
    expect(lab.machines[0]?.nics).toEqual([{ wire: 'lan', mac: '02:00:00:00:00:01', address: '10.0.0.11/24' }]);
    expect(lab.wires).toEqual([{ name: 'lan', mtu: 1500 }]);
  });

  test('with a mistyped key: where it stands, and which key was meant', () => {
    expect(complaint(good.replace('memory: 384', 'memroy: 384'))).toBe(
      'lab.yaml:5:5: machines[0].memory: it is missing; expected a number\n' +
        'lab.yaml:6:5: unknown key "memroy" in machines[0]. Did you mean "memory"?',
    );
  });

  test('with a key that resembles none: which ones there are', () => {
    expect(complaint(`${good}    colour: red\n`)).toBe(
      'lab.yaml:18:5: unknown key "colour" in wires[0]. Known here: name, mtu.',
    );
  });

  test('with a key for what no machine can do: every machine has two terminals', () => {
    expect(complaint(good.replace('    services: [docker]', '    consoles: 4'))).toContain(
      'lab.yaml:7:5: unknown key "consoles" in machines[0]. Known here: name, memory, hostname, nics, ',
    );
  });

  test('with a value of the wrong kind: what was found and what was expected', () => {
    expect(complaint(good.replace('memory: 384', 'memory: lots'))).toBe(
      'lab.yaml:6:13: machines[0].memory: found "lots"; expected a number',
    );
    expect(complaint(good.replace('[docker]', 'docker'))).toBe(
      'lab.yaml:7:15: machines[0].services: found "docker"; expected a list',
    );
  });

  test('with a value out of range', () => {
    expect(complaint(good.replace('memory: 384', 'memory: 16'))).toBe(
      'lab.yaml:6:13: machines[0].memory: found 16; expected at least 64',
    );
    expect(complaint(good.replace('10.0.0.11/24', '10.0.0.11'))).toContain(
      'lab.yaml:11:18: machines[0].nics[0].address: found "10.0.0.11"; expected an address with its prefix length',
    );
  });

  test('with two machines of one name, a wire that is not there, and a MAC address used twice', () => {
    expect(complaint(good.replace('host-02', 'host-01'))).toContain(
      'lab.yaml:12:11: machines[1].name: found "host-01"',
    );
    expect(complaint(good.replace('{ wire: lan }', '{ wire: wan }'))).toContain(
      'lab.yaml:15:20: machines[1].nics[0].wire: found "wan"; expected the name of a wire of this lab ("lan")',
    );
    const twice = good.replace('{ wire: lan }', '{ wire: lan, mac: "02:00:00:00:00:01" }');
    expect(complaint(twice)).toContain('expected a MAC address that no other NIC has: host-01 has it already');
  });

  test('that is not YAML, empty, or made to exhaust memory', () => {
    expect(complaint('id: [one, two\ntitle: x')).toMatch(/^lab\.yaml:2:1: this is not YAML: /);
    expect(complaint('')).toBe('lab.yaml:1:1: the file: found an empty value; expected a map');
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 0; i < 9; i++) {
      const [above, name] = [String.fromCharCode(97 + i), String.fromCharCode(98 + i)];
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${above}`).join(', ')}]`);
    }
    expect(complaint(bomb.join('\n'))).toMatch(/alias/i);
  });
});

test('the nearest known word is the one that was meant, and there is none when all are far', () => {
  expect(nearest('super-brige', ['super-bridge', 'keyhole'])).toBe('super-bridge');
  expect(nearest('lsit', ['list', 'run'])).toBe('list');
  expect(nearest('banana', ['list', 'run'])).toBeNull();
  expect(editDistance('lsit', 'list')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
});
