// How much a fit disturbs the event loop: gaps of a 1 ms timer, idle and during a fit on the default threads. Prints JSON.
//   node scripts/measure-event-loop.mjs [--seconds 20] [--threads N] [--package dist/index.js]

import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { at } from './support.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    threads: { type: 'string' },
    package: { type: 'string', default: at('dist/index.js') },
  },
});
const require = createRequire(import.meta.url);
const { NeuralForecast, nhits, runtimeInfo } = require(path.resolve(values.package));
const milliseconds = Number(values.seconds) * 1000;

/** Gaps between the ticks of a 1 ms timer, until `ended` settles. */
async function gapsUntil(ended) {
  const gaps = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 1);
  await ended;
  clearInterval(timer);
  gaps.sort((a, b) => a - b);
  const at = (p) =>
    Math.round(gaps[Math.min(gaps.length - 1, Math.floor(p * gaps.length))] * 1000) / 1000;
  return { ticks: gaps.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

const y = Array.from({ length: 4000 }, (_, i) => 100 + 20 * Math.sin(i / 9) + (i % 7));
const panel = { ds: y.map((_, i) => i), y };
const nf = new NeuralForecast({
  horizon: 24,
  inputSize: 96,
  models: [nhits({ maxSteps: 1_000_000_000 })],
});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const idle = await gapsUntil(pause(milliseconds));
const controller = new AbortController();
let steps = 0;
const fit = nf
  .fit(panel, {
    signal: controller.signal,
    onProgress: ({ step }) => {
      steps = step;
    },
    ...(values.threads ? { threads: Number(values.threads) } : {}),
  })
  .catch(() => undefined);
const during = await gapsUntil(pause(milliseconds));
controller.abort();
await fit;
process.stdout.write(
  `${JSON.stringify({
    seconds: milliseconds / 1000,
    threads: Number(values.threads ?? runtimeInfo().threads),
    steps,
    idle,
    during,
    addedP999Ms: Math.round((during.p999 - idle.p999) * 1000) / 1000,
  })}\n`,
);
