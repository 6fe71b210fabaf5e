// Set-up, build, then every test: GoogleTest, then Jest with the process tests and the code of the documentation.
//   node scripts/test.mjs [native] [api] [process] [docs] [-- Jest or gtest filter]
// Ends with one line "N passed, N failed, N skipped"; every skipped test is named with its reason.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { at, fail, listFiles } from './support.mjs';

const REPORTS = at('build', 'test');
const totals = { passed: 0, failed: 0, skipped: 0 };

const say = (text) => process.stdout.write(`${text}\n`);

/** Runs a program to its end and gives back { status, output }. */
function finish(program, args, options) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(program, args, { cwd: at(), ...options });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (c) => chunks.push(c));
    child.on('error', (error) => resolve({ status: -1, output: String(error) }));
    child.on('close', (code, signal) => {
      resolve({ status: code ?? signal, output: Buffer.concat(chunks).toString() });
    });
  });
}

function readReport(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function skip(name, reason) {
  totals.skipped += 1;
  say(`skipped: ${name} (${reason})`);
}

/** One process per shard, since a GoogleTest program runs its tests one after the other. */
async function runGoogleTest(filter) {
  const program = at('build', 'release', 'nd_tests');
  if (!fs.existsSync(program)) return;
  const shards = Math.min(4, os.availableParallelism());
  const runShard = async (shard) => {
    const report = path.join(REPORTS, `native-${shard}.json`);
    const env = {
      ...process.env,
      GTEST_TOTAL_SHARDS: String(shards),
      GTEST_SHARD_INDEX: String(shard),
    };
    const args = [`--gtest_output=json:${report}`];
    if (filter) args.push(`--gtest_filter=${filter}`);
    return { report, ...(await finish(program, args, { env })) };
  };
  const before = totals.passed;
  for (const { report, status, output } of await Promise.all(
    [...Array(shards).keys()].map(runShard),
  )) {
    const suites = readReport(report)?.testsuites;
    if (status !== 0) say(output.replace(/^\[ (RUN {5}| {6}OK) \].*\n/gm, '').trimEnd());
    if (!suites) {
      totals.failed += 1;
      say(`nd_tests ended with ${status} before it could write its report`);
      continue;
    }
    let failedHere = 0;
    for (const test of suites.flatMap((suite) => suite.testsuite)) {
      const name = `${test.classname}.${test.name}`;
      if (test.failures) failedHere += 1;
      else if (test.status === 'NOTRUN') skip(name, 'disabled in the source');
      else if (test.result === 'SKIPPED') skip(name, reasonOf(name, output));
      else totals.passed += 1;
    }
    // Failing outside any test, for instance at exit, must not go unseen.
    totals.failed += failedHere === 0 && status !== 0 ? 1 : failedHere;
  }
  say(`native: ${totals.passed - before} passed`);
}

/** What GTEST_SKIP() << … said: the line before the one that ends the test. */
function reasonOf(name, output) {
  const lines = output.split('\n');
  const end = lines.findIndex((line) => line.startsWith(`[  SKIPPED ] ${name} (`));
  return lines[end - 1]?.trim() || 'skipped in the source';
}

async function runJest(folders, filter) {
  if (listFiles(folders, /\.test\.ts$/).length === 0) return;
  const report = path.join(REPORTS, 'jest.json');
  const jest = at('node_modules', 'jest', 'bin', 'jest.js');
  const args = [jest, '--json', `--outputFile=${report}`, ...folders];
  if (filter) args.push('--testNamePattern', filter);
  const { status } = await finish(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const results = readReport(report)?.testResults;
  if (!results) {
    totals.failed += 1;
    say(`Jest ended with ${status} before it could write its report`);
    return;
  }
  const before = totals.failed;
  for (const file of results) {
    // A file that cannot be loaded has no tests, and is a failure all the same.
    if (file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed')) {
      totals.failed += 1;
    }
    for (const test of file.assertionResults) {
      if (test.status === 'passed') totals.passed += 1;
      else if (test.status === 'failed') totals.failed += 1;
      else if (!filter)
        skip(test.fullName, test.status === 'todo' ? 'to do' : 'skipped in the source');
    }
  }
  if (status !== 0 && totals.failed === before) totals.failed += 1;
}

const separator = process.argv.indexOf('--', 2);
const words = process.argv.slice(2, separator < 0 ? undefined : separator);
const filter = separator < 0 ? undefined : process.argv[separator + 1];
const wants = (kind) => words.length === 0 || words.includes(kind);

try {
  await build({ target: wants('native') ? 'all' : 'addon' });
  fs.rmSync(REPORTS, { recursive: true, force: true });
  fs.mkdirSync(REPORTS, { recursive: true });
  if (wants('native')) await runGoogleTest(filter);
  const folders = ['api', 'process', 'docs'].filter(wants).map((kind) => `test/${kind}`);
  if (folders.length > 0) await runJest(folders, filter);
} catch (error) {
  fail(`test: ${error.message}`);
}
say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
