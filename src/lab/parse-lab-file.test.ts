import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../basics/nearest.ts';
import { LabFileError } from './lab-file-error.ts';
import { parseLabFile } from './parse-lab-file.ts';

const good = `id: two-hosts
title: Two hosts
summary: Two machines.
machines:
  - name: host-01
    memory: 384
    services: [docker]
  - name: host-02
    memory: 256
    hostname: other
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
  test('with several machines is read, and defaults are filled in', () => {
    const lab = parseLabFile(good, 'lab.yaml');
    expect(lab.machines.map(({ name, services, images }) => ({ name, services, images }))).toEqual([
      { name: 'host-01', services: ['docker'], images: [] },
      { name: 'host-02', services: [], images: [] },
    ]);
  });

  test('with a mistyped key: where it stands, and which key was meant', () => {
    expect(complaint(good.replace('memory: 384', 'memroy: 384'))).toBe(
      'lab.yaml:5:5: machines[0]: found a map; expected either "memory" (in MB), or "from", the machine that it is made from\n' +
        'lab.yaml:6:5: unknown key "memroy" in machines[0]. Did you mean "memory"?',
    );
  });

  test('with a key that resembles none: which ones there are', () => {
    expect(complaint(`${good}    colour: red\n`)).toBe(
      'lab.yaml:11:5: unknown key "colour" in machines[1]. Known here: name, from, memory, address, hostname, services, images, components, start, warm.',
    );
  });

  test('with a key for what no lab can do: two terminals a machine, and one NIC', () => {
    expect(complaint(good.replace('    services: [docker]', '    consoles: 4'))).toContain(
      'lab.yaml:7:5: unknown key "consoles" in machines[0]. Known here: name, ',
    );
    expect(complaint(`${good}wires: [{ name: lan, mtu: 9000 }]\n`)).toContain('unknown key "mtu" in wires[0]');
  });

  test('with what a machine gets and does before its snapshot, and what is done to the whole lab', () => {
    const text = good
      .replace('services: [docker]', 'components: [flannel]\n    warm: { run: warm.sh, type: [docker ps] }')
      .concat('provision:\n  - { machine: host-02, run: site.sh }\n');
    const lab = parseLabFile(text, 'lab.yaml', { components: ['flannel'], hasFile: () => true });
    expect(lab.machines.map(({ components, warm }) => ({ components, warm }))).toEqual([
      { components: ['flannel'], warm: { run: 'warm.sh', type: ['docker ps'] } },
      { components: [], warm: undefined },
    ]);
    expect(lab.provision).toEqual([{ machine: 'host-02', run: 'site.sh' }]);
    const nothingThere = { components: ['etcd'], hasFile: () => false };
    expect(() => parseLabFile(text, 'lab.yaml', nothingThere)).toThrow(
      [
        'lab.yaml:7:18: machines[0].components[0]: there is no component "flannel". Folders of sandboxes/components: etcd',
        'lab.yaml:8:18: machines[0].warm.run: there is no file "warm.sh" beside lab.yaml',
        'lab.yaml:13:30: provision[0].run: there is no file "site.sh" beside lab.yaml',
      ].join('\n'),
    );
    expect(complaint(text.replace('machine: host-02', 'machine: host-03'))).toContain(
      'provision[0].machine: found "host-03"; expected the name of a machine of this lab ("host-01", "host-02")',
    );
  });

  test('with a machine that is made from that of another lab', () => {
    const copy = good.replace('memory: 384', 'from: super-bridge/host-01\n    address: 10.0.0.121/24');
    expect(parseLabFile(copy, 'lab.yaml').machines[0]).toMatchObject({
      from: 'super-bridge/host-01',
      address: '10.0.0.121/24',
    });
    expect(complaint(copy.replace('super-bridge/', ''))).toContain(
      'machines[0].from: found "host-01"; expected a lab and a machine of it, such as "super-bridge/host-01"',
    );
    expect(complaint(good.replace('    memory: 384\n', ''))).toContain(
      'machines[0]: found a map; expected either "memory" (in MB), or "from", the machine that it is made from',
    );
    expect(complaint(copy.replace('    address', '    memory: 384\n    address'))).toContain(
      'machines[0].memory: found 384; expected nothing: a machine has the memory of the one it is made "from"',
    );
  });

  test('with addresses that are none, or that two machines have', () => {
    const with2 = (first: string, second: string) =>
      good
        .replace('    services: [docker]', `    services: [docker]\n    address: ${first}`)
        .replace(/$/, `    address: ${second}\n`);
    for (const address of ['10.0.0.121', '10.0.0.256/24', '10.0.0/24', '10.0.0.1/31', '10.0.0.1/0', 'fe80::1/64'])
      expect(complaint(with2('10.0.0.1/24', address))).toContain('expected an IPv4 address and its prefix length');
    expect(complaint(with2('10.0.0.1/24', '10.0.0.1/16'))).toContain(
      'machines[1].address: found "10.0.0.1/16"; expected an address that no other one has: machines[0] has it already',
    );
  });

  test('with wires: which machines are plugged into them', () => {
    const wires = parseLabFile(`${good}wires:\n  - { name: lan, machines: [host-01, host-02] }\n`, 'lab.yaml').wires;
    expect(wires).toEqual([{ name: 'lan', machines: ['host-01', 'host-02'] }]);
    expect(parseLabFile(good, 'lab.yaml').wires).toEqual([]);
  });

  test('with a wire to a machine that is not there, or one that is plugged in elsewhere', () => {
    expect(complaint(`${good}wires:\n  - { name: lan, machines: [host-01, host-3] }\n`)).toBe(
      'lab.yaml:12:38: wires[0].machines[1]: found "host-3"; expected the name of a machine of this lab ("host-01", "host-02")',
    );
    const two = '  - { name: lan, machines: [host-01] }\n  - { name: dmz, machines: [host-01] }\n';
    expect(complaint(`${good}wires:\n${two}`)).toBe(
      'lab.yaml:13:29: wires[1].machines[0]: found "host-01"; expected a machine whose NIC is free: that of "host-01" is plugged into "lan"',
    );
    expect(
      complaint(`${good}wires:\n${two.replace('dmz', 'lan').replace('[host-01] }\n  -', '[host-02] }\n  -')}`),
    ).toContain('a name that no other one has: wires[0] is called "lan" already');
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
  });

  test('with two machines of one name', () => {
    expect(complaint(good.replace('host-02', 'host-01'))).toBe(
      'lab.yaml:8:11: machines[1].name: found "host-01"; expected a name that no other one has: ' +
        'machines[0] is called "host-01" already',
    );
  });

  test('with a machine that is called as captures call wires', () => {
    expect(complaint(good.replace('host-02', 'wire'))).toBe(
      'lab.yaml:8:11: machines[1].name: found "wire"; expected another name: what is seen on a wire is called "wire/" and the name of the wire',
    );
    const plugged = good.replace('host-02', 'wire-02');
    expect(parseLabFile(`${plugged}wires:\n  - { name: wire, machines: [wire-02] }\n`, 'lab.yaml').wires).toEqual([
      { name: 'wire', machines: ['wire-02'] },
    ]);
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
