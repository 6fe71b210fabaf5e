// Set-up, build, then every test: GoogleTest, then Jest with the process tests and the code of the documentation.
//   node scripts/test.mjs [native] [api] [process] [docs] [fuzz] [-- Jest or gtest filter]
// Ends with one line "N passed, N failed, N skipped"; every skipped test is named with its reason.

import fs from 'node:fs';
import { build } from './build.mjs';
import { at, fail } from './support.mjs';
import { runGoogleTest } from './test/gtest.mjs';
import { runJest } from './test/jest.mjs';

const REPORTS = at('build', 'test');
const totals = { passed: 0, failed: 0, skipped: 0 };

const say = (text) => process.stdout.write(`${text}\n`);

function add({ passed, failed, skipped, texts }) {
  for (const text of texts) say(text);
  for (const { name, reason } of skipped) say(`skipped: ${name} (${reason})`);
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped.length;
}

const separator = process.argv.indexOf('--', 2);
const words = process.argv.slice(2, separator < 0 ? undefined : separator);
const filter = separator < 0 ? undefined : process.argv[separator + 1];
const wants = (kind) => words.length === 0 || words.includes(kind);

try {
  await build({ target: wants('native') ? 'all' : 'addon' });
  fs.rmSync(REPORTS, { recursive: true, force: true });
  const program = at('build', 'release', 'nd_tests');
  if (wants('native') && fs.existsSync(program)) {
    add(await runGoogleTest(program, { reports: REPORTS, filter }));
    say(`native: ${totals.passed} passed`);
  }
  const folders = ['api', 'process', 'docs', 'fuzz'].filter(wants).map((kind) => `test/${kind}`);
  if (folders.length > 0) add(await runJest(folders, { reports: REPORTS, filter }));
} catch (error) {
  fail(`test: ${error.message}`);
}
say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
