// How much long calls disturb the event loop: gaps between the ticks of a 1 ms timer.

import { claim, measured, quantiles } from './support.mjs';

/** Gaps while `work` (source text of an async function) runs, beside those of an idle loop. */
const gapsDuring = (packagePath, work, idleMs) =>
  measured(
    packagePath,
    `const gapsWhile = async (work) => {
      const gaps = [];
      let last = performance.now();
      const timer = setInterval(() => {
        const now = performance.now();
        gaps.push(now - last);
        last = now;
      }, 1);
      await work();
      await pause(2);
      clearInterval(timer);
      return gaps;
    };
    (async () => {
      const prepared = await (async () => { ${work.prepare} })();
      const idle = await gapsWhile(() => pause(${idleMs}));
      const during = await gapsWhile(async () => { ${work.run} });
      process.stdout.write(JSON.stringify({ idle, during }), () => process.exit(0));
    })().catch((error) => { console.error(error); process.exit(1); });`,
    { limitMs: 300_000 },
  );

export async function run({ quick, packagePath }) {
  const seconds = quick ? 2 : 20;
  const rows = quick ? 100_000 : 1_000_000;
  const forecastRows = quick ? 10_000 : 100_000;
  const cases = {
    [`a fit of ${seconds} s`]: {
      prepare: 'return make(nhits({ maxSteps: 1e9 }));',
      run: `const controller = new AbortController();
        setTimeout(() => controller.abort(), ${seconds * 1000});
        await prepared.fit(panel, { signal: controller.signal }).catch(() => {});`,
    },
    [`a panel of ${rows} rows handed over`]: {
      prepare: `const nf = make(mlp({ hiddenSize: 8, maxSteps: 1, windowsBatchSize: 8 }));
        const n = ${rows};
        const unique_id = Array.from({ length: n }, (_, i) => 's' + Math.floor(i / 1000));
        const ds = Float64Array.from({ length: n }, (_, i) => i % 1000);
        return { nf, table: { unique_id, ds, y: Float64Array.from(ds, (t) => 5 + (t % 7)) } };`,
      run: `await prepared.nf.fit(prepared.table);`,
    },
    [`records of ${rows / 4} rows handed over`]: {
      prepare: `const nf = make(mlp({ hiddenSize: 8, maxSteps: 1, windowsBatchSize: 8 }));
        const start = Date.UTC(2024, 0, 1);
        const table = Array.from({ length: ${rows / 4} }, (_, i) => ({
          unique_id: 's' + Math.floor(i / 1000), ds: new Date(start + (i % 1000) * 3600000), y: i % 7 }));
        return { nf, table };`,
      run: `await prepared.nf.fit(prepared.table);`,
    },
    [`a forecast of ${forecastRows} rows returned`]: {
      prepare: `const nf = make(mlp({ hiddenSize: 8, maxSteps: 1, windowsBatchSize: 8 }));
        const n = ${forecastRows / 4};
        const unique_id = Array.from({ length: n * 20 }, (_, i) => 's' + Math.floor(i / 20));
        const ds = Float64Array.from({ length: n * 20 }, (_, i) => i % 20);
        await nf.fit({ unique_id, ds, y: Float64Array.from(ds, (t) => 5 + (t % 7)) });
        return nf;`,
      run: `await prepared.predict();`,
    },
  };
  const claims = [];
  for (const [name, work] of Object.entries(cases)) {
    const { idle, during } = await gapsDuring(packagePath, work, quick ? 1000 : 5000);
    const quiet = quantiles(idle);
    const busy = quantiles(during);
    claims.push(
      claim(
        name,
        `p99.9 ${busy.p999} ms, longest ${busy.max} ms (idle: ${quiet.p999} and ${quiet.max} ms)`,
        'p99.9 at most 2 ms above idle',
        busy.p999 <= quiet.p999 + 2,
        { timed: true },
      ),
    );
  }
  return claims;
}
