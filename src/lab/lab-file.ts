// A lab's file (sandboxes/labs/<lab>/lab.yaml): which machines there are, what runs in them, and which wires join them.
// Strict: an unknown key is a mistake. parse-lab-file.ts turns a mistake into file, line, and what was expected.
import { z } from 'zod';
import { hostName, notForMachines } from './machine-name.ts';

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const machineOfLab = /^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const interfaceAddress = new RegExp(`^(${octet}\\.){3}${octet}/([89]|[12]\\d|30)$`);

const name = (what: string) =>
  z
    .string()
    .regex(hostName, { error: `${what}: lower-case letters, digits and "-" inside, at most 63 characters (RFC 1123)` });

const scriptFile = z.string().regex(/^(?!.*\.\.)[\w./-]+$/, { error: 'a file beside lab.yaml, such as "start.sh"' });

const warmSchema = z
  .strictObject({
    run: scriptFile
      .optional()
      .describe('Script beside lab.yaml, run as root: the commands that readers run first. It leaves nothing behind.'),
    type: z
      .array(z.string().min(1))
      .default([])
      .describe('Commands that are typed into the first terminal, as a reader types them. They leave nothing behind.'),
  })
  .describe('What is done in the machine before the snapshot is taken, so that it is quick when a reader does it.');

const machineSchema = z
  .strictObject({
    name: name('the name of a machine').describe('What the lab, the terminals and the command line call the machine.'),
    from: z
      .string()
      .regex(machineOfLab, { error: 'a lab and a machine of it, such as "super-bridge/host-01"' })
      .optional()
      .describe(
        'The machine of another lab that this one is made from: it begins as that one does, and costs only what differs. Left out: it is switched on with the image.',
      ),
    memory: z.int().min(64).max(2048).optional().describe('Memory in MB. With "from" it is that of the other machine.'),
    address: z
      .string()
      .regex(interfaceAddress, { error: 'an IPv4 address and its prefix length, such as "10.0.0.121/24"' })
      .optional()
      .describe('Address of its NIC, eth0. All machines of the lab find each other by name. Left out: none.'),
    hostname: name('a host name').optional().describe('Host name inside the machine. Left out: the name.'),
    services: z
      .array(z.string().regex(/^[A-Za-z0-9:_.@-]+$/, { error: 'the name of a systemd unit, such as "docker"' }))
      .default([])
      .describe('systemd units that are started before the snapshot is taken.'),
    images: z
      .array(z.string().regex(kebab, { error: 'the name of a folder in sandboxes/image/docker, such as "whoami"' }))
      .default([])
      .describe('Docker images that are there when the lab starts; folders of sandboxes/image/docker.'),
    components: z
      .array(z.string().regex(kebab, { error: 'the name of a folder in sandboxes/components, such as "flannel"' }))
      .default([])
      .describe(
        'Programs that Debian does not have, put into the machine before its services are started; folders of sandboxes/components. Those of the machine that it is made "from" are there already.',
      ),
    start: scriptFile
      .optional()
      .describe('Script beside lab.yaml, run in the machine as root before the snapshot is taken.'),
    warm: warmSchema.optional(),
  })
  .describe('A machine.');

const wireSchema = z
  .strictObject({
    name: name('the name of a wire').describe('What captures call the wire: "wire/lan".'),
    machines: z
      .array(z.string())
      .min(1)
      .describe('Names of the machines whose NIC (eth0) is plugged into it. Each has one NIC.'),
  })
  .describe('An Ethernet segment between machines.');

const provisionSchema = z
  .strictObject({
    machine: z.string().describe('Name of the machine that it is run in.'),
    run: scriptFile.describe('Script beside lab.yaml, run as root.'),
  })
  .describe('A script that is run when all machines are up.');

export const labFileSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where an editor finds the JSON Schema of this file.'),
    id: z
      .string()
      .regex(kebab, { error: 'lower-case words joined by "-"' })
      .describe('The name of the folder that the file is in, and of the lab in addresses and on the command line.'),
    title: z.string().min(1).max(80).describe('What a reader sees above the lab.'),
    summary: z.string().min(1).max(300).describe('What one can do here, in a sentence or two.'),
    machines: z.array(machineSchema).min(1).max(8).describe('The machines, in the order in which they are shown.'),
    wires: z.array(wireSchema).max(8).default([]).describe('The wires between them. Left out: none.'),
    provision: z
      .array(provisionSchema)
      .default([])
      .describe(
        'Scripts that are run one after the other when all machines are up and have run their own start script: for what one machine does to the others.',
      ),
  })
  .check(({ value: { machines, wires, provision }, issues }) => {
    const mistake = (path: PropertyKey[], input: string, message: string) =>
      issues.push({ code: 'custom', input, path, message });
    for (const [list, named] of [
      ['machines', machines],
      ['wires', wires],
    ] as const) {
      const names = named.map(({ name }) => name);
      for (const [index, name] of names.entries()) {
        const first = names.indexOf(name);
        if (first === index) continue;
        mistake(
          [list, index, 'name'],
          name,
          `a name that no other one has: ${list}[${first}] is called "${name}" already`,
        );
      }
    }
    for (const [index, { name, from, memory }] of machines.entries()) {
      if (name === notForMachines)
        mistake(
          ['machines', index, 'name'],
          name,
          `another name: what is seen on a wire is called "${notForMachines}/" and the name of the wire`,
        );
      if (from === undefined && memory === undefined)
        mistake(['machines', index], '', 'either "memory" (in MB), or "from", the machine that it is made from');
      if (from !== undefined && memory !== undefined)
        mistake(
          ['machines', index, 'memory'],
          `${memory}`,
          'nothing: a machine has the memory of the one it is made "from"',
        );
    }
    for (const [index, { address }] of machines.entries()) {
      const first = machines.findIndex((other) => address !== undefined && host(other.address) === host(address));
      if (first !== -1 && first !== index)
        mistake(
          ['machines', index, 'address'],
          `${address}`,
          `an address that no other one has: machines[${first}] has it already`,
        );
    }
    const isMachine = (name: string) => machines.some((machine) => machine.name === name);
    const aMachine = `the name of a machine of this lab (${machines.map(({ name }) => `"${name}"`).join(', ')})`;
    for (const [index, { machine }] of provision.entries())
      if (!isMachine(machine)) mistake(['provision', index, 'machine'], machine, aMachine);
    const plugged = new Map<string, string>();
    for (const [w, wire] of wires.entries()) {
      for (const [m, machine] of wire.machines.entries()) {
        const path = ['wires', w, 'machines', m];
        if (!isMachine(machine)) mistake(path, machine, aMachine);
        const other = plugged.get(machine);
        if (other !== undefined)
          mistake(path, machine, `a machine whose NIC is free: that of "${machine}" is plugged into "${other}"`);
        plugged.set(machine, wire.name);
      }
    }
  });

function host(address: string | undefined): string | undefined {
  return address?.split('/')[0];
}

export type LabFile = z.output<typeof labFileSchema>;
export type LabMachine = LabFile['machines'][number];

/** For editors: sandboxes/labs/lab.schema.json holds this (a test sees to it). */
export function labJsonSchema(): object {
  // 'input': what an author writes, in which fields with a default may be left out.
  return { ...z.toJSONSchema(labFileSchema, { io: 'input', target: 'draft-2020-12' }), title: 'A Lockstep lab' };
}
