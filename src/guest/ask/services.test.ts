import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readServices, SERVICES_COMMAND } from './services.ts';

/** Of Debian 12, with etcd stopped by hand, flanneld ended by an error, and a unit that nobody asked for. */
const printed = `Id=docker.service
ActiveState=active
UnitFileState=enabled

Id=containerd.service
ActiveState=inactive
UnitFileState=enabled

Id=etcd.service
ActiveState=inactive
UnitFileState=disabled

Id=flanneld.service
ActiveState=failed
UnitFileState=enabled
`;

const missing = printed.replace('UnitFileState=disabled', 'UnitFileState=');

describe('services', () => {
  it('are what systemd says of the units that a machine has', () => {
    expect(readServices(printed)).toEqual([
      { name: 'docker', state: 'running', enabled: true },
      { name: 'etcd', state: 'stopped', enabled: false },
      { name: 'flanneld', state: 'failed', enabled: true },
    ]);
  });

  it('are not those that a machine does not have', () => {
    expect(readServices(missing).map(({ name }) => name)).toEqual(['docker', 'flanneld']);
  });

  it('are asked for by name', () => {
    expect(SERVICES_COMMAND).toContain('flanneld.service');
  });

  it('are none in what is no answer', () => {
    fc.assert(fc.property(fc.string(), (text) => readServices(text).length === 0 || text.includes('Id=')));
  });
});
