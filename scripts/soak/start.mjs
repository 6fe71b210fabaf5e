// From `require` in a fresh process to the first forecast of a saved model.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { claim, measured, quantiles, runScript } from './support.mjs';

export async function run({ quick, packagePath }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-start-'));
  const file = path.join(folder, 'm.safetensors');
  await measured(
    packagePath,
    `(async () => {
      const nf = new NeuralForecast({ horizon: 24, inputSize: 168, models: [nhits({ maxSteps: 1, windowsBatchSize: 8 })] });
      await nf.fit({ ds: Array.from({ length: 400 }, (_, t) => t), y: Array.from({ length: 400 }, (_, t) => t % 24) });
      await nf.save(${JSON.stringify(file)});
      console.log(true);
    })();`,
  );
  const starts = [];
  for (let i = 0; i < (quick ? 3 : 9); i++) {
    const script = `NeuralForecast.load(${JSON.stringify(file)}).then((nf) => nf.predict()).then((table) => {
      console.log(JSON.stringify({ ms: performance.now() - started, rss: process.memoryUsage().rss / 2 ** 20, rows: table.length }));
    });`;
    const ended = await runScript(packagePath, script, { flags: ['--require', clock(folder)] });
    starts.push(JSON.parse(ended.stdout));
  }
  fs.rmSync(folder, { recursive: true });
  const { p50, max } = quantiles(starts.map(({ ms }) => ms));
  const rss = quantiles(starts.map((start) => start.rss)).p50;
  return [
    claim(
      'require to the first forecast of a loaded model (NHITS-512, 168 → 24)',
      `median ${p50} ms, longest ${max} ms, ${rss} MiB resident`,
      'median under 150 ms',
      p50 < 150 && starts.every(({ rows }) => rows === 24),
      { timed: true },
    ),
  ];
}

/** A module that takes the time before the package is required. */
function clock(folder) {
  const file = path.join(folder, 'clock.cjs');
  fs.writeFileSync(file, 'globalThis.started = performance.now();\n');
  return file;
}
