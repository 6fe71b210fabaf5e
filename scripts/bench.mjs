// Measures the engine beside the limits of this machine and, with --peers, beside other libraries, all in the same run.
//   npm run bench -- SUITE [--peers] [--quick] [--threads N] [--only TEXT] [--json FILE] [--write] [--no-build]
//   npm run bench -- report
// SUITE: gemm (matrix products), train (a step of every network), attention, e2e (fit and predict through the package,
// beside NeuralForecast), headline (figures others have claimed), or all. TEXT is a part of the names of the work to do, or several with "|" between them.
// --write keeps the results in bench/results/
// and renews docs/performance.md from them; `report` does only the latter.

import fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { machine } from './bench/machine.mjs';
import { writeReport } from './bench/report.mjs';
import { SUITES } from './bench/suites/index.mjs';
import { textTable } from './bench/table.mjs';
import { at, fail } from './support.mjs';

const RESULTS = 'bench/results';

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      peers: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      threads: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
    },
  });
  const [what = 'all', ...more] = positionals;
  const names = what === 'all' ? Object.keys(SUITES) : [what];
  if (more.length > 0 || !(what === 'report' || names.every((name) => SUITES[name]))) {
    throw new Error(
      `received "${positionals.join(' ')}", expected ${Object.keys(SUITES).join(', ')}, all or report`,
    );
  }
  const threads = Number(values.threads ?? Math.min(2, availableParallelism()));
  if (!Number.isInteger(threads) || threads < 1) {
    throw new Error(`received --threads ${values.threads}, expected a positive integer`);
  }
  return { ...values, what, names, threads };
}

async function buildFor(names) {
  const [{ build, buildNative }] = await Promise.all([import('./build.mjs')]);
  await build({ quiet: true });
  buildNative([...new Set(names.flatMap((name) => SUITES[name].targets))], { quiet: true });
}

async function main() {
  const { what, names, json, write, 'no-build': noBuild, ...settings } = options();
  if (what === 'report') return writeReport();
  if (!noBuild) await buildFor(names);
  const report = { machine: machine(), suites: {} };
  for (const name of names) {
    const suite = SUITES[name];
    process.stdout.write(`\n${name}\n`);
    const emit = (row) => process.stdout.write(`  ${row.work} …\n`);
    const result = await suite.run({ ...settings, emit });
    report.suites[name] = result;
    process.stdout.write(`\n${textTable(result.rows, suite.columns)}`);
    if (write) {
      fs.mkdirSync(at(RESULTS), { recursive: true });
      const kept = { machine: report.machine, threads: settings.threads, ...result };
      fs.writeFileSync(at(RESULTS, `${name}.json`), `${JSON.stringify(kept, null, 1)}\n`);
    }
  }
  if (json) fs.writeFileSync(json, `${JSON.stringify(report, null, 1)}\n`);
  if (write) await writeReport();
}

try {
  await main();
} catch (error) {
  fail(`bench: ${error.message}`);
}
