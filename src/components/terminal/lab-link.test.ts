import { expect, test } from 'vitest';
import { leadsOutside } from './lab-link.ts';

test('container and host addresses stay in the lab', () => {
  for (const uri of [
    'http://172.17.0.2/',
    'http://10.0.0.121:8080/',
    'http://127.0.0.1',
    'http://host-01/',
    'http://[fd00::1]/',
  ])
    expect(leadsOutside(uri)).toBe(false);
});

test('documentation can be opened, other schemes cannot', () => {
  expect(leadsOutside('https://docs.docker.com/engine/')).toBe(true);
  expect(leadsOutside('http://172.15.0.1/')).toBe(true);
  expect(leadsOutside('javascript:alert(1)')).toBe(false);
});
