// Builds that look for what tests do not see: memory and undefined behaviour, data races, a second compiler.
//   npm run sanitize -- [address] [thread] [clang] [--filter GTEST_FILTER]
// All three by default. Ends with a table: build, suite, tests run, findings, minutes. Exit code 1 when a test failed or
// a sanitizer found something; the reports are then shown, and stay in build/sanitize/.

import { parseArgs } from 'node:util';
import { bundleTypeScript } from './bundle.mjs';
import { runAddress } from './sanitize/address.mjs';
import { runClang } from './sanitize/clang.mjs';
import { runThread } from './sanitize/thread.mjs';
import { setUp } from './setup.mjs';
import { fail } from './support.mjs';

const BUILDS = { address: runAddress, thread: runThread, clang: runClang };
const HEAD = ['build', 'suite', 'tests run', 'failed', 'skipped', 'findings', 'minutes'];

function options() {
  try {
    const { values, positionals } = parseArgs({
      options: { filter: { type: 'string' } },
      allowPositionals: true,
    });
    const unknown = positionals.find((name) => !(name in BUILDS));
    if (unknown !== undefined) {
      throw new Error(
        `received the build "${unknown}", expected some of ${Object.keys(BUILDS).join(', ')}`,
      );
    }
    return { ...values, builds: positionals.length > 0 ? positionals : Object.keys(BUILDS) };
  } catch (error) {
    return fail(`sanitize: ${error.message}`);
  }
}

const say = (text) => process.stdout.write(`${text}\n`);

const { builds, filter } = options();
const rows = [];
let healthy = true;
try {
  await setUp({ quiet: true });
  await bundleTypeScript();
  for (const build of builds) {
    let started = performance.now();
    for await (const { suite, outcome, findings, texts } of BUILDS[build]({ filter })) {
      const minutes = ((performance.now() - started) / 60_000).toFixed(1);
      started = performance.now();
      if (!outcome) {
        rows.push([build, suite, '', '', '', '', minutes]);
        continue;
      }
      for (const text of [...outcome.texts, ...texts]) say(text);
      for (const { name, reason } of outcome.skipped) say(`skipped: ${name} (${reason})`);
      const { passed, failed, skipped } = outcome;
      if (failed > 0 || findings > 0 || passed === 0) healthy = false;
      rows.push([build, suite, passed + failed, failed, skipped.length, findings, minutes]);
      say(`${build}: ${suite}: ${passed + failed} tests, ${findings} findings, ${minutes} min`);
    }
  }
} catch (error) {
  healthy = false;
  say(`sanitize: ${error.message}`);
}
const cells = [
  HEAD,
  HEAD.map((name) => '-'.repeat(name.length)),
  ...rows.map((r) => r.map(String)),
];
const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
say('');
for (const row of cells) say(`| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`);
process.exitCode = healthy ? 0 : 1;
