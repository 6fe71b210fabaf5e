// Memory of a process that creates, fits, asks and disposes of objects for ever.

import { claim, measured } from './support.mjs';

/** Least-squares slope of y over x. */
function slope(points) {
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const mx = mean(points.map(([x]) => x));
  const my = mean(points.map(([, y]) => y));
  const top = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return top / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

export async function run({ quick, packagePath }) {
  const cycles = quick ? 300 : 2000;
  const warm = quick ? 100 : 200;
  const points = await measured(
    packagePath,
    `(async () => {
      const points = [];
      for (let cycle = 1; cycle <= ${cycles}; cycle++) {
        const nf = make();
        await nf.fit(panel);
        const predictor = await nf.predictor();
        predictor.predictSync(y);
        (await nf.predict()).toRecords();
        await nf.crossValidation(panel, { windows: 2, useFitted: true });
        await predictor.dispose();
        await nf.dispose();
        if (cycle % 20 === 0) {
          global.gc();
          await pause(1);
          points.push([cycle, process.memoryUsage().rss]);
        }
      }
      console.log(JSON.stringify(points));
    })();`,
    { flags: ['--expose-gc'], limitMs: 1_200_000 },
  );
  const perCycle = slope(points.filter(([cycle]) => cycle > warm));
  const limit = quick ? 65_536 : 1024;
  const mib = (points.at(-1)[1] / 2 ** 20).toFixed(0);
  return [
    claim(
      `resident memory per create / fit / ask / dispose, ${cycles} cycles, after ${warm}`,
      `${perCycle.toFixed(0)} bytes, ${mib} MiB at the end`,
      `under ${limit} bytes`,
      perCycle < limit,
    ),
  ];
}
