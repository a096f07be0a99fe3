// Where the build puts things. Everything but dist/ is below build/, which can be deleted at any time.
import { join } from 'node:path';

export interface BuildPaths {
  /** The site as any file server can host it. */
  readonly dist: string;
  /** What the build of the machines hands to the site: labs/<lab>/…, machine/… */
  readonly siteAssets: string;
  /** What is not complete yet. On the same file system as dist/, so that it can be renamed into place. */
  readonly scratch: string;
  readonly siteStamp: string;
  /** Held while anything is built. */
  readonly lock: string;
  readonly testReports: string;
}

export function buildPaths(root: string): BuildPaths {
  const build = join(root, 'build');
  return {
    dist: join(root, 'dist'),
    siteAssets: join(build, 'site-assets'),
    scratch: join(build, 'tmp'),
    siteStamp: join(build, 'site.stamp'),
    lock: join(build, 'build.lock'),
    testReports: join(build, 'test-reports'),
  };
}
