// Aborts at random moments of every long call: each settles once and soon, and the object stays usable.

import { claim, measured } from './support.mjs';

export async function run({ quick, packagePath }) {
  const count = quick ? 40 : 1000;
  const result = await measured(
    packagePath,
    `const os = require('node:os');
    const path = require('node:path');
    const fs = require('node:fs');
    (async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-aborts-'));
      const file = path.join(folder, 'm.safetensors');
      const rows = 20000;
      const big = { unique_id: [], ds: [], y: [] };
      for (let i = 0; i < rows; i++) {
        big.unique_id.push('s' + (i % 200));
        big.ds.push(Math.floor(i / 200));
        big.y.push(50 + (i % 13));
      }
      const nf = make(mlp({ hiddenSize: 64, maxSteps: 5 }));
      await nf.fit(panel);
      await nf.save(file);
      const slow = make(endless());
      const predictor = await nf.predictor();
      const windows = { windows: Float64Array.from({ length: 240 * 2000 }, (_, i) => i % 17), count: 2000 };
      const csv = 'ds,y\\n' + y.map((v, i) => i + ',' + v).join('\\n');
      const calls = {
        fit: (signal) => slow.fit(big, { signal }),
        crossValidation: (signal) => slow.crossValidation(panel, { windows: 3, refit: true, signal }),
        predict: (signal) => nf.predict(big, { signal }),
        predictInsample: (signal) => nf.predictInsample(big, { signal }),
        save: (signal) => nf.save(path.join(folder, 'other.safetensors'), { signal }),
        load: (signal) => NeuralForecast.load(file, { signal }).then((loaded) => loaded.dispose()),
        predictor: (signal) => predictor.predict(windows, { signal }),
        readCsv: (signal) => readCsv({ text: csv }, { signal }),
      };
      const names = Object.keys(calls);
      const late = [];
      let settledTwice = 0, wrongReason = 0;
      const memory = [];
      for (let i = 0; i < ${count}; i++) {
        const name = names[i % names.length];
        const controller = new AbortController();
        const reason = new Error('abort ' + i);
        let abortedAt = Infinity;
        const timer = setTimeout(() => {
          abortedAt = performance.now();
          controller.abort(reason);
        }, Math.random() * (name === 'fit' || name === 'crossValidation' ? 60 : 8));
        let settled = 0;
        const outcome = await calls[name](controller.signal).then(
          () => { settled++; return undefined; },
          (error) => { settled++; return error; },
        );
        clearTimeout(timer);
        if (outcome !== undefined && outcome !== reason) wrongReason++;
        if (abortedAt < Infinity) late.push(performance.now() - abortedAt);
        if (settled !== 1) settledTwice++;
        if (i % names.length === 0) memory.push(process.memoryUsage().rss);
      }
      const before = (await nf.predict()).toCsv();
      await nf.fit(panel, { fromScratch: true });
      const usable = (await nf.predict()).length === 4 && before.length > 0;
      fs.rmSync(folder, { recursive: true });
      late.sort((a, b) => a - b);
      const half = memory[memory.length >> 1];
      const result = JSON.stringify({
        aborted: late.length, settledTwice, wrongReason, usable,
        medianMs: late[late.length >> 1], maxMs: late.at(-1),
        grownMiB: (memory.at(-1) - half) / 2 ** 20,
      });
      process.stdout.write(result, () => process.exit(0));
    })().catch((error) => { console.error(error); process.exit(1); });`,
    { limitMs: 900_000 },
  );
  return [
    claim(
      `${count} calls of eight kinds, ${result.aborted} aborted: settled once, with the reason or a result`,
      `${result.settledTwice + result.wrongReason} otherwise`,
      'none otherwise',
      result.settledTwice + result.wrongReason === 0 && result.usable,
    ),
    claim(
      'from abort to settled',
      `median ${result.medianMs.toFixed(1)} ms, longest ${result.maxMs.toFixed(1)} ms`,
      'within 100 ms',
      result.maxMs <= 100,
      { timed: true },
    ),
    claim(
      'resident memory, second half of the storm',
      `${result.grownMiB.toFixed(1)} MiB`,
      'under 32 MiB',
      result.grownMiB < 32,
    ),
  ];
}
