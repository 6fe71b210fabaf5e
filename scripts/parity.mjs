// Compares the package with golden values of the reference implementation.
//   npm run parity -- [DIR] [--checkpoints | --export] [--filter TEXT] [--json FILE] [--no-build]
// DIR holds any of parity/ (networks), values/ (losses, scalers, optimisers, schedules) and pipeline/ (frames in, frames
// out); the default is ../shared/fixtures beside the repository. With --checkpoints, DIR holds folders that NeuralForecast
// saved, each with what it forecasts from and what it forecasts. With --export, NeuralForecast itself (in an environment in
// build/, or ND_BENCH_PYTHON) loads what exportCheckpoint writes, and both forecast. One line per case with its largest errors, then the
// totals; ends with exit code 1 when a case failed or none was found. What this version does not have is skipped by
// name and reason, read from the registry: a model that is added makes its cases run.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runCheckpoints } from './parity-checkpoints.mjs';
import { runExports } from './parity-export.mjs';
import { runPipelines } from './parity-pipeline.mjs';
import { at, capture, fail } from './support.mjs';

const say = (text) => process.stdout.write(`${text}\n`);

const digits = (error) =>
  error === null || !Number.isFinite(error) ? 'not finite' : error.toExponential(1);

/** One line: what was compared and how far apart it was. */
function line({ folder, name, status, checks, problems, leftOut }) {
  const parts = checks.map(({ name: what, error, limit, where }) => {
    const wrong = !(error !== null && error <= limit);
    return `${what} ${digits(error)}${wrong ? ` > ${digits(limit)}${where ? ` (${where})` : ''}` : ''}`;
  });
  if (leftOut.length > 0) {
    parts.push(status === 'skipped' ? leftOut.join(', ') : `(not checked: ${leftOut.join(', ')})`);
  }
  parts.push(...problems);
  return `${status.padEnd(7)} ${folder}/${name}${status === 'skipped' ? ':' : ''} ${parts.join(status === 'skipped' ? ' ' : '  ')}`;
}

/** Outcomes of nd_parity: networks and values. */
function runNative(folder, filter) {
  const { ok, stdout, output } = capture(at('build', 'release', 'nd_parity'), [folder, filter]);
  if (!ok) throw new Error(`nd_parity failed:\n${output}`);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text));
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        filter: { type: 'string', default: '' },
        json: { type: 'string' },
        checkpoints: { type: 'boolean', default: false },
        export: { type: 'boolean', default: false },
        'no-build': { type: 'boolean', default: false },
      },
    });
    if (positionals.length > 1)
      throw new Error(`received ${positionals.length} folders, expected one`);
    return { ...values, folder: path.resolve(positionals[0] ?? at('..', 'shared', 'fixtures')) };
  } catch (error) {
    return fail(`parity: ${error.message}`);
  }
}

const { folder, filter, json, checkpoints, export: exported, 'no-build': noBuild } = options();
if (!exported && !fs.existsSync(folder)) fail(`parity: there is no folder ${folder}`);
const outcomes = [];
const report = (outcome) => {
  outcomes.push(outcome);
  say(line(outcome));
};
try {
  if (!noBuild) {
    const { build } = await import('./build.mjs');
    await build({ target: 'parity', quiet: true });
  }
  const api = createRequire(import.meta.url)(at('dist', 'index.js'));
  if (exported) {
    for await (const outcome of runExports(filter, api)) report(outcome);
  } else if (checkpoints) {
    for await (const outcome of runCheckpoints(folder, filter, api)) report(outcome);
  } else {
    for (const outcome of runNative(folder, filter)) report(outcome);
    for await (const outcome of runPipelines(path.join(folder, 'pipeline'), filter, api))
      report(outcome);
  }
} catch (error) {
  fail(`parity: ${error.message}`);
}
const count = (status) => outcomes.filter((outcome) => outcome.status === status).length;
const totals = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (json)
  fs.writeFileSync(json, `${JSON.stringify({ folder, ...totals, cases: outcomes }, null, 2)}\n`);
if (outcomes.length === 0)
  fail(
    `parity: ${folder} holds no case (parity/, values/, pipeline/; with --checkpoints folders of checkpoints)`,
  );
process.exit(totals.failed > 0 ? 1 : 0);
