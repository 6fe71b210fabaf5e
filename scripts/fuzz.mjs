// Looks for input that the package answers with anything but a result or a documented error.
//   npm run fuzz -- [native|api] [--minutes M] [--runs N] [--only NAME] [--seed N]
// native: libFuzzer programs (clang-19, AddressSanitizer, UndefinedBehaviorSanitizer) over what C++ reads: M minutes each,
//         3 by default; what reaches new code is merged into test/fuzz/corpus/, which the tests replay.
// api:    N inputs, 10 000 by default, for every property of test/fuzz/*.test.ts; new ones each time, or those of a seed.
// Installs clang-19 where it is missing. Ends with a table; exit code 1 when there was a finding.

import { parseArgs } from 'node:util';
import { fuzzApi } from './fuzz/api.mjs';
import { fuzzNative } from './fuzz/native.mjs';
import { fail } from './support.mjs';

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        minutes: { type: 'string' },
        runs: { type: 'string', default: '10000' },
        only: { type: 'string' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      },
    });
    const unknown = positionals.find((kind) => !['native', 'api'].includes(kind));
    if (unknown !== undefined) throw new Error(`received "${unknown}", expected native or api`);
    for (const name of ['minutes', 'runs', 'seed']) {
      if (values[name] === undefined || Number(values[name]) > 0) continue;
      throw new Error(`received --${name} ${values[name]}, expected a number above 0`);
    }
    return { ...values, kinds: positionals.length > 0 ? positionals : ['native', 'api'] };
  } catch (error) {
    return fail(`fuzz: ${error.message}`);
  }
}

const given = options();
const rows = [];
try {
  if (given.kinds.includes('native')) rows.push(...(await fuzzNative(given)));
  if (given.kinds.includes('api')) rows.push(...(await fuzzApi(given)));
} catch (error) {
  fail(`fuzz: ${error.message}`);
}

const header = { target: 'target', inputs: 'inputs', reached: 'reached', finding: 'findings' };
const widths = Object.keys(header).map((key) =>
  Math.max(...[header, ...rows].map((row) => String(row[key]).length)),
);
for (const row of [header, ...rows]) {
  const cells = Object.keys(header).map((key, i) => String(row[key]).padEnd(widths[i]));
  process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
}
process.exitCode = rows.some(({ finding }) => finding !== 'none') || rows.length === 0 ? 1 : 0;
