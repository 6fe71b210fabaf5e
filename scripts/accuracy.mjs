// Accuracy against published or exactly known scores, on real data; not part of the tests because it trains.
//   npm run accuracy -- linear | air | calibration | m4 | epf | distillation | all [--data DIR] [--json FILE] [--no-build]
// DIR holds ett/ETTh1.csv.gz and ett/ETTh2.csv.gz, m4/ and epf/; the default is ../shared/data beside the repository. Ends
// with exit code 1 when a score is worse than it must be.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkAir } from './accuracy-air.mjs';
import { checkCalibration } from './accuracy-calibration.mjs';
import { checkDistillation } from './accuracy-distillation.mjs';
import { checkEpf } from './accuracy-epf.mjs';
import { checkM4 } from './accuracy-m4.mjs';
import { at, fail } from './support.mjs';

// Nothing else runs in this process, so the fit need not yield (docs/concepts.md, Threads).
process.env.ND_PRIORITY ??= 'normal';

const say = (text) => process.stdout.write(`${text}\n`);

const CHECKS = {
  // Imported late: it needs an npm package, and set-up may have to install that first.
  linear: async (context) => (await import('./accuracy-linear.mjs')).checkLinear(context),
  air: checkAir,
  calibration: checkCalibration,
  m4: checkM4,
  epf: checkEpf,
  distillation: checkDistillation,
};
/** Folders of the data that a check reads. */
const FOLDERS = {
  linear: ['ett'],
  calibration: ['ett', 'epf', 'm4'],
  m4: ['m4'],
  epf: ['epf'],
  distillation: ['ett'],
};

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        json: { type: 'string' },
        'no-build': { type: 'boolean', default: false },
      },
    });
    const [what = 'all', ...more] = positionals;
    if (more.length > 0 || !(what === 'all' || what in CHECKS)) {
      const known = [...Object.keys(CHECKS), 'all'].join(', ');
      throw new Error(`received "${positionals.join(' ')}", expected one of ${known}`);
    }
    return { ...values, names: what === 'all' ? Object.keys(CHECKS) : [what] };
  } catch (error) {
    return fail(`accuracy: ${error.message}`);
  }
}

const { names, data, json, 'no-build': noBuild } = options();
const folder = path.resolve(data ?? at('..', 'shared', 'data'));
for (const part of new Set(names.flatMap((name) => FOLDERS[name] ?? []))) {
  const needed = path.join(folder, part);
  if (!fs.existsSync(needed)) {
    fail(`accuracy: there is no folder ${needed}; name the data folder with --data`);
  }
}
const report = {};
let failures = 0;
try {
  if (!noBuild) {
    const { build } = await import('./build.mjs');
    await build({ target: 'addon', quiet: true });
  }
  const api = createRequire(import.meta.url)(at('dist', 'index.js'));
  for (const name of names) {
    const { failures: failed, results } = await CHECKS[name]({ api, data: folder, say });
    failures += failed;
    report[name] = results;
  }
} catch (error) {
  fail(`accuracy: ${error.message}`);
}
if (json) fs.writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
say(failures === 0 ? 'all scores as expected' : `${failures} scores worse than expected`);
process.exit(failures === 0 ? 0 : 1);
