// What serving costs: from `require` to the first forecast of a saved model in a fresh process, one forecast of a resident
// predictor, memory, and the size of the package. Prints JSON.
//   node scripts/measure-serving.mjs [--package dist/index.js]

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { at } from './support.mjs';

const { values } = parseArgs({
  options: { package: { type: 'string', default: at('dist', 'index.js') } },
});
const require = createRequire(import.meta.url);
const { NeuralForecast, dlinear, nhits } = require(path.resolve(values.package));

const HORIZON = 24;
const INPUT = 168;
const STARTS = 7;

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
const microseconds = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return { p50: +quantile(sorted, 0.5).toFixed(1), p99: +quantile(sorted, 0.99).toFixed(1) };
};

/** Microseconds of each of `count` calls. */
async function timesOf(count, call) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const started = process.hrtime.bigint();
    await call();
    times.push(Number(process.hrtime.bigint() - started) / 1000);
  }
  return times;
}

function syncTimesOf(count, call) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const started = process.hrtime.bigint();
    call();
    times.push(Number(process.hrtime.bigint() - started) / 1000);
  }
  return times;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-serving-'));
const history = Array.from({ length: 400 }, (_, t) => 50 + 10 * Math.sin(t / 4) + (t % 7));
const table = { ds: history.map((_, t) => t), y: history };
const results = {};
for (const [name, model] of [
  ['NHITS-512', nhits({ maxSteps: 2, windowsBatchSize: 32, alias: 'm' })],
  ['DLinear', dlinear({ maxSteps: 2, windowsBatchSize: 32, alias: 'm' })],
]) {
  const nf = new NeuralForecast({ horizon: HORIZON, inputSize: INPUT, models: [model] });
  await nf.fit(table);
  const file = path.join(folder, `${name}.safetensors`);
  await nf.save(file);
  const predictor = await nf.predictor('m');
  const window = Float64Array.from(history.slice(-INPUT));
  for (let i = 0; i < 200; i++) predictor.predictSync(window);
  results[name] = {
    predictSyncMicroseconds: microseconds(syncTimesOf(3000, () => predictor.predictSync(window))),
    predictMicroseconds: microseconds(await timesOf(1000, () => predictor.predict(window))),
    nfPredictMicroseconds: microseconds(await timesOf(200, () => nf.predict())),
  };
  const child = `
    const started = process.hrtime.bigint();
    const { NeuralForecast } = require(${JSON.stringify(path.resolve(values.package))});
    NeuralForecast.load(${JSON.stringify(file)}).then((nf) => nf.predict()).then(() => {
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      console.log(JSON.stringify({ ms, rss: process.memoryUsage().rss / 2 ** 20 }));
    });`;
  const starts = Array.from({ length: STARTS }, () =>
    JSON.parse(execFileSync(process.execPath, ['-e', child], { encoding: 'utf8' })),
  ).sort((a, b) => a.ms - b.ms);
  const median = starts[Math.floor(STARTS / 2)];
  results[name].requireToForecastMs = +median.ms.toFixed(1);
  results[name].residentMiB = Math.round(median.rss);
  await nf.dispose();
}
fs.rmSync(folder, { recursive: true });

const packed = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: at(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
)[0];
results.package = {
  tarballMB: +(packed.size / 1e6).toFixed(2),
  unpackedMB: +(packed.unpackedSize / 1e6).toFixed(2),
};
process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
