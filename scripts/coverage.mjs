// Which lines the tests reach, C++ and TypeScript together:  npm run coverage
// GoogleTest and Jest run once more, on a build in which gcov counts C++; V8 counts TypeScript in the tests and in the
// processes that they start. Writes build/coverage/report/: index.html, summary.txt, uncovered.txt, lcov.info. Exit code
// 1 when a test fails or less than 85 % of all lines are covered.

import fs from 'node:fs';
import { build, buildNative } from './build.mjs';
import { nativeCounts } from './coverage/native.mjs';
import { percent, summarize, tableOf, writeReport } from './coverage/report.mjs';
import { typescriptCounts } from './coverage/typescript.mjs';
import { at, fail, listFiles } from './support.mjs';
import { runGoogleTest } from './test/gtest.mjs';
import { runJest } from './test/jest.mjs';

/** The least share of lines that tests must reach, in per cent. */
const FLOOR = 85;

const BUILD = 'build/coverage';
const SCRIPTS = `${BUILD}/javascript`;
const REPORT = `${BUILD}/report`;

/**
 * Folders of test/ whose tests count, those of each in one process: a worker of Jest may be killed before gcov has
 * written. The code of the documentation (test/docs) is not there to find faults, so it counts for nothing here.
 */
const JEST = ['api', 'process'];

const say = (text) => process.stdout.write(`${text}\n`);

async function runTests() {
  for (const file of listFiles([BUILD], /\.gcda$/)) fs.rmSync(at(file));
  for (const folder of [SCRIPTS, REPORT]) fs.rmSync(at(folder), { recursive: true, force: true });
  fs.mkdirSync(at(SCRIPTS, 'children'), { recursive: true });
  const config = at('scripts', 'coverage', 'jest.config.cjs');
  const jest = (kind) =>
    runJest([`test/${kind}`], {
      reports: at(SCRIPTS, kind),
      flags: ['--config', config, '--runInBand', '--forceExit', '--testTimeout=400000'],
      env: {
        ND_BINDING_PATH: at(BUILD, 'neuro_divergent.node'),
        ND_COVERAGE_OUTPUT: at(SCRIPTS, kind),
        ND_COVERAGE_CHILDREN: at(SCRIPTS, 'children'),
        ND_TEST_LIMIT_MS: '300000', // counting takes time
      },
    });
  const outcomes = [
    await runGoogleTest(at(BUILD, 'nd_tests'), { reports: at(BUILD, 'native') }),
    ...(await Promise.all(JEST.map(jest))),
  ];
  for (const text of outcomes.flatMap(({ texts }) => texts)) say(text);
  const sum = (count) => outcomes.map(count).reduce((a, b) => a + b);
  const failed = sum((o) => o.failed);
  say(`${sum((o) => o.passed)} passed, ${failed} failed, ${sum((o) => o.skipped.length)} skipped`);
  if (failed > 0) throw new Error('tests failed, so what they reach says little');
}

try {
  await build();
  buildNative(['nd_node', 'nd_tests'], { preset: 'coverage' });
  await runTests();
  const scripts = {
    jest: JEST.map((kind) => at(SCRIPTS, kind, 'scripts.json')),
    children: at(SCRIPTS, 'children'),
  };
  const counts = new Map([...(await nativeCounts(BUILD)), ...(await typescriptCounts(scripts))]);
  const summary = summarize(counts);
  writeReport(at(REPORT), counts, summary);
  say(tableOf(summary).join('\n'));
  if (percent(summary.all) < FLOOR) {
    fail(`coverage: ${percent(summary.all).toFixed(1)} % of lines, expected at least ${FLOOR} %`);
  }
} catch (error) {
  fail(`coverage: ${error.message}`);
}
