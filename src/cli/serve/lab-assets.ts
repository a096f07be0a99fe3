// /labs/<lab>/… and /machine/… while the machines are being built: build.json says how far, files come when they are whole.
import type { BuildReport } from '../progress/build-report.ts';
import { answer, type Handler, sendFile } from './static-server.ts';

export interface LabStatus {
  /** null when there is no such lab. */
  report(lab: string): BuildReport | null;
}

/** Answers for build.json and for the machines' files; leaves everything else alone. */
export function labAssets(siteAssets: string, status: LabStatus): Handler {
  return (request, response, path) => {
    const lab = /^\/labs\/([^/]+)\/./.exec(path)?.[1];
    const report = lab === undefined ? null : status.report(lab);
    if (report && path === `/labs/${lab}/build.json`) {
      answer(response, 200, 'application/json', `${JSON.stringify(report)}\n`);
      return true;
    }
    if (!report && !path.startsWith('/machine/')) return false;
    if (report && report.state !== 'ready') {
      // What lies there may belong to an older image: not a byte of it until the build has vouched for it.
      response.setHeader('Retry-After', '2');
      answer(
        response,
        503,
        'text/plain; charset=utf-8',
        `The lab "${lab}" is ${report.state === 'failed' ? 'not there: its build failed' : 'still being built'}. See /labs/${lab}/build.json.\n`,
      );
      return true;
    }
    sendFile(request, response, siteAssets, path, () =>
      answer(response, 404, 'text/plain; charset=utf-8', `There is nothing at ${path}.\n`),
    );
    return true;
  };
}
