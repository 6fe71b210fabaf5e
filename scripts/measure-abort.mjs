// How long a fit takes to stop: aborts NHITS at random moments, prints JSON.
//   node scripts/measure-abort.mjs [--count 30] [--hidden 512] [--windows 1024] [--threads 1] [--package dist/index.js]

import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { at } from './support.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '30' },
    hidden: { type: 'string', default: '512' },
    windows: { type: 'string', default: '1024' },
    threads: { type: 'string', default: '1' },
    package: { type: 'string', default: at('dist/index.js') },
  },
});
const require = createRequire(import.meta.url);
const { NeuralForecast, nhits } = require(path.resolve(values.package));

const units = Number(values.hidden);
const y = Array.from({ length: 4000 }, (_, i) => 100 + 20 * Math.sin(i / 9) + (i % 7));
const panel = { ds: y.map((_, i) => i), y };
const nf = new NeuralForecast({
  horizon: 24,
  inputSize: 96,
  models: [
    nhits({
      maxSteps: 1_000_000,
      windowsBatchSize: Number(values.windows),
      mlpUnits: Array.from({ length: 3 }, () => [units, units]),
    }),
  ],
});
const threads = Number(values.threads);
const latencies = [];
let rejectedWithReason = 0;
for (let i = 0; i < Number(values.count); i++) {
  const controller = new AbortController();
  const reason = new Error(`abort ${i}`);
  let aborted = 0;
  setTimeout(() => {
    aborted = performance.now();
    controller.abort(reason);
  }, Math.random() * 1000);
  const outcome = await nf.fit(panel, { threads, signal: controller.signal }).catch((e) => e);
  latencies.push(performance.now() - aborted);
  if (outcome === reason) rejectedWithReason++;
}
// Still usable: it starts again and makes progress.
const controller = new AbortController();
let progressed = false;
await nf
  .fit(panel, {
    threads,
    signal: controller.signal,
    onProgress: () => {
      progressed = true;
      controller.abort();
    },
  })
  .catch(() => undefined);
latencies.sort((a, b) => a - b);
const rounded = (ms) => Math.round(ms * 100) / 100;
process.stdout.write(
  `${JSON.stringify({
    aborts: latencies.length,
    rejectedWithReason,
    usable: progressed,
    medianMs: rounded(latencies[latencies.length >> 1]),
    maxMs: rounded(latencies.at(-1)),
  })}\n`,
);
