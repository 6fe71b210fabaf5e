// A server that forecasts a thousand times per second while two models are trained beside it.

import { claim, measured, quantiles } from './support.mjs';

export async function run({ quick, packagePath }) {
  const seconds = quick ? 3 : 15;
  const { idle, busy, steps } = await measured(
    packagePath,
    `(async () => {
      const nf = make();
      await nf.fit(panel);
      const predictor = await nf.predictor();
      const window = Float64Array.from(y.slice(-12));
      /** Latencies of predictions, one per millisecond. */
      const serve = async (ms) => {
        const times = [];
        const until = performance.now() + ms;
        let due = performance.now();
        while (performance.now() < until) {
          due += 1;
          while (performance.now() < due) await new Promise(setImmediate);
          const asked = performance.now();
          predictor.predictSync(window);
          times.push(performance.now() - asked);
        }
        return times;
      };
      await serve(500);
      const idle = await serve(${seconds * 1000});
      const controller = new AbortController();
      const steps = [0, 0];
      const fits = [0, 1].map((i) =>
        make(nhits({ maxSteps: 1e9 })).fit(panel, {
          signal: controller.signal,
          onProgress: ({ step }) => { steps[i] = step; },
        }).catch(() => {}));
      await pause(500);
      const busy = await serve(${seconds * 1000});
      controller.abort();
      await Promise.all(fits);
      console.log(JSON.stringify({ idle, busy, steps }));
    })();`,
    { limitMs: 300_000 },
  );
  const quiet = quantiles(idle);
  const loaded = quantiles(busy);
  return [
    claim(
      `predictSync, ${busy.length} times in ${seconds} s beside two fits`,
      `p50 ${loaded.p50} ms, p99 ${loaded.p99} ms (idle: ${quiet.p50} and ${quiet.p99} ms)`,
      'p99 at most 2 ms above idle',
      loaded.p99 <= quiet.p99 + 2,
      { timed: true },
    ),
    claim(
      'steps of the two fits meanwhile',
      steps.join(' and '),
      'both go on, at most 2.5 : 1',
      Math.min(...steps) > 0 && Math.max(...steps) <= 2.5 * Math.min(...steps),
      { timed: true },
    ),
  ];
}
