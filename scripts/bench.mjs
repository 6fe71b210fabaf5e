// Builds and runs the native benchmarks; every figure stands beside the FMA peak measured in the same run.
//   npm run bench -- [gemm | train | all] [--quick] [--json FILE] [--threads N] [--no-build]
// gemm: matrix products of the shapes that networks have, one core. train: a training step of every model beside its
// FLOP, on 1 and 2 threads.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { at, fail, listFiles, run } from './support.mjs';

/** Every bench/native/<name>_bench.cc is a benchmark. */
const known = listFiles(['bench/native'], /_bench\.cc$/).map((file) =>
  path.basename(file, '_bench.cc'),
);

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        threads: { type: 'string' },
        'no-build': { type: 'boolean', default: false },
      },
    });
    const [what = 'all', ...more] = positionals;
    if (more.length > 0 || !(what === 'all' || known.includes(what))) {
      throw new Error(`received "${positionals.join(' ')}", expected ${known.join(', ')} or all`);
    }
    return { ...values, names: what === 'all' ? known : [what] };
  } catch (error) {
    return fail(`bench: ${error.message}`);
  }
}

const { names, quick, json, threads, 'no-build': noBuild } = options();
const report = {};
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-bench-'));
try {
  if (!noBuild) {
    const [{ setUp }, { buildNative }] = await Promise.all([
      import('./setup.mjs'),
      import('./build.mjs'),
    ]);
    await setUp({ quiet: true });
    buildNative(
      names.map((name) => `nd_bench_${name}`),
      { quiet: true },
    );
  }
  for (const name of names) {
    const file = path.join(scratch, `${name}.json`);
    const args = ['--json', file];
    if (quick) args.push('--quick');
    if (threads && name === 'train') args.push('--threads', threads);
    run(at('build', 'release', `nd_bench_${name}`), args);
    report[name] = JSON.parse(fs.readFileSync(file, 'utf8'));
  }
  if (json) fs.writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
} catch (error) {
  fail(`bench: ${error.message}`);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
