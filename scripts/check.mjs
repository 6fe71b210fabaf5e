// The static checks: format, lint, types, layers, generated files, binaries, the package itself.
// Each prints its name and outcome; exit code 1 when any of them fails.

import fs from 'node:fs';
import { reportIsCurrent } from './bench/report.mjs';
import { build } from './build.mjs';
import { checkLayers } from './check-layers.mjs';
import { checkPrebuilds } from './check-prebuilds.mjs';
import { CPP_FILES, CPP_FOLDERS } from './format.mjs';
import { at, capture, fail, listFiles } from './support.mjs';

/** Runs a program; gives back its output as the problem when it fails. */
function problemsOf(program, args) {
  const { ok, output } = capture(program, args);
  return ok ? [] : [output.trimEnd()];
}

const node = (script, ...args) => problemsOf(process.execPath, [script, ...args]);

const CHECKS = {
  'C++ format': () => {
    const files = listFiles(CPP_FOLDERS, CPP_FILES);
    return files.length > 0 ? problemsOf('clang-format', ['--dry-run', '-Werror', ...files]) : [];
  },
  'TypeScript format and lint': () =>
    problemsOf('node_modules/.bin/biome', ['check', '--error-on-warnings', '--max-diagnostics=50']),
  types: () => node('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'),
  'public symbols documented': () => node('scripts/site.mjs', '--check'),
  layers: () => {
    const { problems, long } = checkLayers();
    if (long.length > 0) process.stdout.write(`  over 300 lines: ${long.join('; ')}\n`);
    return problems;
  },
  'generated files': () =>
    fs.existsSync(at('scripts/generate.mjs')) ? node('scripts/generate.mjs', '--check') : [],
  'performance page': () =>
    reportIsCurrent()
      ? []
      : ['docs/performance.md differs from bench/results: npm run bench -- report'],
  notices: () => node('scripts/notices.mjs', '--check'),
  binaries: () => {
    if (process.platform !== 'linux') return [];
    const { problems, lines } = checkPrebuilds();
    for (const line of lines) process.stdout.write(`  ${line}\n`);
    return problems;
  },
  package: () => node('scripts/size.mjs', '--check'),
};

try {
  await build();
} catch (error) {
  fail(`check: ${error.message}`);
}
let failures = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  const started = performance.now();
  const problems = check();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${problems.length > 0 ? 'FAILED' : 'ok'}  ${name} (${seconds} s)\n`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  if (problems.length > 0) failures += 1;
}
if (failures > 0) process.exitCode = 1;
