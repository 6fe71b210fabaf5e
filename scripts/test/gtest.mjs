// Runs a GoogleTest program in shards side by side and says what became of every test.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { finish, outcome, readReport } from './outcome.mjs';

/** What GTEST_SKIP() << … said: the line before the one that ends the test. */
function reasonOf(name, output) {
  const lines = output.split('\n');
  const end = lines.findIndex((line) => line.startsWith(`[  SKIPPED ] ${name} (`));
  return lines[end - 1]?.trim() || 'skipped in the source';
}

/** Adds what one process did to `total`. */
function addShard(total, { name, report, status, output }) {
  const suites = readReport(report)?.testsuites;
  if (status !== 0) {
    total.texts.push(output.replace(/^\[ (RUN {5}| {6}OK) \].*\n/gm, '').trimEnd());
  }
  if (!suites) {
    total.failed += 1;
    total.texts.push(`${name} ended with ${status} before it could write its report`);
    return;
  }
  let failedHere = 0;
  for (const test of suites.flatMap((suite) => suite.testsuite)) {
    const testName = `${test.classname}.${test.name}`;
    if (test.failures) failedHere += 1;
    else if (test.status === 'NOTRUN')
      total.skipped.push({ name: testName, reason: 'disabled in the source' });
    else if (test.result === 'SKIPPED')
      total.skipped.push({ name: testName, reason: reasonOf(testName, output) });
    else total.passed += 1;
  }
  // Failing outside any test, for instance at exit, must not go unseen.
  total.failed += failedHere === 0 && status !== 0 ? 1 : failedHere;
}

/**
 * Runs `program` (its path, or [launcher, ...arguments, path]) with reports in the folder `reports`.
 * One process per shard, since a GoogleTest program runs its tests one after the other.
 */
export async function runGoogleTest(program, { reports, filter, env = {}, shards } = {}) {
  const [command, ...before] = [program].flat();
  const name = path.basename([program].flat().at(-1));
  const count = shards ?? Math.min(4, os.availableParallelism());
  fs.mkdirSync(reports, { recursive: true });
  const runShard = async (shard) => {
    const report = path.join(reports, `native-${shard}.json`);
    fs.rmSync(report, { force: true });
    const args = [...before, `--gtest_output=json:${report}`];
    if (filter) args.push(`--gtest_filter=${filter}`);
    const sharding = { GTEST_TOTAL_SHARDS: String(count), GTEST_SHARD_INDEX: String(shard) };
    const done = await finish(command, args, { env: { ...process.env, ...env, ...sharding } });
    return { name, report, ...done };
  };
  const total = outcome();
  for (const shard of await Promise.all([...Array(count).keys()].map(runShard))) {
    addShard(total, shard);
  }
  return total;
}
