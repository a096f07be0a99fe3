// A lab's file (sandboxes/labs/<lab>/lab.yaml): which machines there are, what runs in them, and which wires join them.
// Strict: an unknown key is a mistake. parse-lab-file.ts turns a mistake into file, line, and what was expected.
import { z } from 'zod';

// RFC 1123 section 2.1: what a host can be called, here without dots.
const hostName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const name = (what: string) =>
  z
    .string()
    .regex(hostName, { error: `${what}: lower-case letters, digits and "-" inside, at most 63 characters (RFC 1123)` });

const nicSchema = z
  .strictObject({
    wire: name('the name of a wire').describe('Name of the wire that the NIC is plugged into; one of "wires".'),
    mac: z
      .string()
      .regex(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/, {
        error: 'a locally administered unicast MAC address such as "02:00:00:00:00:01"',
      })
      .optional()
      .describe(
        'MAC address, locally administered (second digit 2, 6, a or e). Left out: made from the names of lab and machine.',
      ),
    address: z
      .union([z.cidrv4(), z.cidrv6()], { error: 'an address with its prefix length, such as "10.0.0.11/24"' })
      .optional()
      .describe('IP address with prefix length that the NIC has when the lab starts.'),
  })
  .describe('A network card.');

const machineSchema = z
  .strictObject({
    name: name('the name of a machine').describe('What the lab, the terminals and the command line call the machine.'),
    memory: z.int().min(64).max(2048).describe('Memory in MB.'),
    hostname: name('a host name').optional().describe('Host name inside the machine. Left out: the name.'),
    nics: z.array(nicSchema).max(4).default([]).describe('Network cards, eth0 first.'),
    services: z
      .array(z.string().regex(/^[A-Za-z0-9:_.@-]+$/, { error: 'the name of a systemd unit, such as "docker"' }))
      .default([])
      .describe('systemd units that are started before the snapshot is taken.'),
    images: z
      .array(z.string().regex(kebab, { error: 'the name of a folder in sandboxes/image/docker, such as "whoami"' }))
      .default([])
      .describe('Docker images that are there when the lab starts; folders of sandboxes/image/docker.'),
    start: z
      .string()
      .regex(/^(?!.*\.\.)[\w./-]+$/, { error: 'a file beside lab.yaml, such as "start.sh"' })
      .optional()
      .describe('Script beside lab.yaml, run in the machine as root before the snapshot is taken.'),
  })
  .describe('A machine.');

const wireSchema = z
  .strictObject({
    name: name('the name of a wire').describe('What NICs and captures call the wire.'),
    mtu: z
      .int()
      .min(576)
      .max(9000)
      .default(1500)
      .describe('Largest packet that the wire carries, in bytes, without the Ethernet header.'),
  })
  .describe('An Ethernet segment that joins NICs.');

/** Reports every name that occurs twice. */
function unique(
  kind: string,
  field: string,
  names: readonly string[],
  issues: z.core.$ZodRawIssue[],
  path: string,
): void {
  for (const [index, value] of names.entries()) {
    const first = names.indexOf(value);
    if (first === index) continue;
    issues.push({
      code: 'custom',
      input: value,
      path: [path, index, field],
      message: `a ${kind} that no other one has: ${path}[${first}] is called "${value}" already`,
    });
  }
}

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
    wires: z.array(wireSchema).max(8).default([]).describe('The wires between machines.'),
  })
  .check(({ value, issues }) => {
    unique(
      'name',
      'name',
      value.machines.map((machine) => machine.name),
      issues,
      'machines',
    );
    unique(
      'name',
      'name',
      value.wires.map((wire) => wire.name),
      issues,
      'wires',
    );
    const macs = new Map<string, string>();
    for (const [m, machine] of value.machines.entries()) {
      for (const [n, nic] of machine.nics.entries()) {
        const at = ['machines', m, 'nics', n];
        if (!value.wires.some((wire) => wire.name === nic.wire)) {
          const known = value.wires.map((wire) => `"${wire.name}"`).join(', ');
          issues.push({
            code: 'custom',
            input: nic.wire,
            path: [...at, 'wire'],
            message: `the name of a wire of this lab (${known || '"wires" is empty'})`,
          });
        }
        if (nic.mac === undefined) continue;
        const owner = macs.get(nic.mac);
        if (owner)
          issues.push({
            code: 'custom',
            input: nic.mac,
            path: [...at, 'mac'],
            message: `a MAC address that no other NIC has: ${owner} has it already`,
          });
        macs.set(nic.mac, machine.name);
      }
    }
  });

export type LabFile = z.output<typeof labFileSchema>;
export type LabMachine = LabFile['machines'][number];
export type LabNic = LabMachine['nics'][number];
export type LabWire = LabFile['wires'][number];

/** For editors: sandboxes/labs/lab.schema.json holds this (a test sees to it). */
export function labJsonSchema(): object {
  // 'input': what an author writes, in which fields with a default may be left out.
  return { ...z.toJSONSchema(labFileSchema, { io: 'input', target: 'draft-2020-12' }), title: 'A Lockstep lab' };
}
