// Runs Jest over folders or files and says what became of every test.

import fs from 'node:fs';
import path from 'node:path';
import { at, listFiles } from '../support.mjs';
import { finish, outcome, readReport } from './outcome.mjs';

/**
 * Runs the tests under `places`, by `launcher` if one is given ([program, ...arguments], put before
 * node). What failed is shown by Jest itself, on stderr.
 */
export async function runJest(
  places,
  { reports, filter, env = {}, launcher = [], flags = [] } = {},
) {
  const total = outcome();
  if (listFiles(places, /\.test\.ts$/).length === 0) return total;
  const report = path.join(reports, 'jest.json');
  fs.mkdirSync(reports, { recursive: true });
  fs.rmSync(report, { force: true });
  const jest = at('node_modules', 'jest', 'bin', 'jest.js');
  const [command, ...args] = [
    ...launcher,
    ...[process.execPath, jest, '--json', `--outputFile=${report}`, ...flags, ...places],
  ];
  if (filter) args.push('--testNamePattern', filter);
  const { status } = await finish(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const results = readReport(report)?.testResults;
  if (!results) {
    total.failed += 1;
    total.texts.push(`Jest ended with ${status} before it could write its report`);
    return total;
  }
  for (const file of results) {
    // A file that cannot be loaded has no tests, and is a failure all the same.
    if (file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed')) {
      total.failed += 1;
    }
    for (const test of file.assertionResults) {
      if (test.status === 'passed') total.passed += 1;
      else if (test.status === 'failed') total.failed += 1;
      else if (!filter)
        total.skipped.push({
          name: test.fullName,
          reason: test.status === 'todo' ? 'to do' : 'skipped in the source',
        });
    }
  }
  if (status !== 0 && total.failed === 0) total.failed += 1;
  return total;
}
