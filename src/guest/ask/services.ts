// How the services that a lab is about are: what systemd says of their units.

/** The units that labs run, as far as a machine has them. */
const UNITS = ['docker', 'etcd', 'flanneld'] as const;

export interface Service {
  /** "docker" */
  readonly name: string;
  readonly state: 'running' | 'starting' | 'stopped' | 'failed';
  /** It is to run: started with the machine. */
  readonly enabled: boolean;
}

export const SERVICES_COMMAND = `systemctl show -p Id,ActiveState,UnitFileState ${UNITS.map((unit) => `${unit}.service`).join(' ')}`;

/** Reads `systemctl show` (systemctl(1): blocks of NAME=VALUE, an empty line between units); what is no unit of a machine is left out. */
export function readServices(stdout: string): Service[] {
  return stdout.split(/\n\s*\n/).flatMap((block): Service[] => {
    const facts = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()]),
    );
    const name = UNITS.find((unit) => facts.get('Id') === `${unit}.service`);
    const file = facts.get('UnitFileState') ?? '';
    // Of a unit that is not there, systemd says that it is inactive, and has no file.
    if (name === undefined || file === '') return [];
    return [{ name, state: stateOf(facts.get('ActiveState') ?? ''), enabled: file.startsWith('enabled') }];
  });
}

/** systemd(1), "Units": active, inactive, failed, and what leads from one to the other. */
function stateOf(active: string): Service['state'] {
  switch (active) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return 'running';
    case 'activating':
      return 'starting';
    case 'failed':
      return 'failed';
    default:
      return 'stopped';
  }
}
