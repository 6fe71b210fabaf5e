// The same seed gives the same file, byte for byte: saves of one fit on 1, 2 and 4 threads, each in two processes. Prints
// JSON; exit code 1 when two digests differ.
//   node scripts/measure-determinism.mjs [--package dist/index.js]

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { at } from './support.mjs';

const { values } = parseArgs({
  options: { package: { type: 'string', default: at('dist', 'index.js') } },
});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-determinism-'));

/** Fits every model, with dropout and with plans of both kinds, and saves. */
function save(threads, process_) {
  const file = path.join(folder, `${threads}-${process_}.safetensors`);
  const child = `
    const { NeuralForecast, dlinear, mlp, nbeats, nhits, nlinear } = require(${JSON.stringify(path.resolve(values.package))});
    const panel = { unique_id: [], ds: [], y: [] };
    for (const [id, length] of [['a', 400], ['b', 250], ['c', 90]])
      for (let t = 0; t < length; t++) {
        panel.unique_id.push(id); panel.ds.push(t);
        panel.y.push(20 + 9 * Math.sin(t / 3) + ((t * 7919) % 13));
      }
    const common = { maxSteps: 12, windowsBatchSize: 300, scalerType: 'robust', randomSeed: 7 };
    const nf = new NeuralForecast({ horizon: 12, inputSize: 48, models: [
      nhits({ ...common, dropoutProbTheta: 0.2 }), nbeats(common), mlp(common), dlinear(common), nlinear(common) ] });
    nf.fit(panel, { valSize: 12, threads: ${threads} }).then(() => nf.save(${JSON.stringify(file)}));`;
  execFileSync(process.execPath, ['-e', child], { stdio: 'inherit' });
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

const digests = {};
for (const threads of [1, 2, 4]) digests[threads] = [save(threads, 1), save(threads, 2)];
fs.rmSync(folder, { recursive: true });
const identical = new Set(Object.values(digests).flat()).size === 1;
process.stdout.write(`${JSON.stringify({ identical, digests }, null, 1)}\n`);
process.exitCode = identical ? 0 : 1;
