import {
  AdaptiveIntervals,
  evaluate,
  huberIqLoss,
  iqLoss,
  NeuralForecast,
  readCsv,
} from '../../lib/index';
import { linear, monthly, sizes, temporaryFolder } from './support';

const folder = temporaryFolder();
const panel = monthly(60);
const holed = (hole: unknown) => ({
  ...panel,
  y: panel.y.map((y, i) => (i % 7 === 3 ? hole : y)) as number[],
});
const make = (options = {}) =>
  new NeuralForecast({ ...sizes, models: [linear()], missing: 'mask', ...options });

test('NaN, null and undefined are the same, and none of them without the option', async () => {
  const forecasts: number[][] = [];
  for (const hole of [Number.NaN, null, undefined]) {
    const nf = make();
    await nf.fit(holed(hole), { valSize: 8 });
    forecasts.push([...(await nf.predict()).column('NLinear')]);
    await expect(make({ missing: 'error' }).fit(holed(hole))).rejects.toMatchObject({
      number: 'E0011',
      details: { row: 3, column: 'y' },
    });
  }
  expect(forecasts[1]).toEqual(forecasts[0]);
  expect(forecasts[2]).toEqual(forecasts[0]);
  // The last month is one of those: its value is the last that was observed.
  for (const y of forecasts[0]!) expect(y).toBeGreaterThan(50);
});

test('cross-validation says that nothing is known, and evaluate leaves it out', async () => {
  const table = await make().crossValidation(holed(null), { windows: 3 });
  const unknown = [...table.y].filter((y) => Number.isNaN(y)).length;
  expect(unknown).toBeGreaterThan(0);
  for (const y of table.column('NLinear')) expect(Number.isFinite(y)).toBe(true);
  const [row] = evaluate(table, { metrics: 'mae' }).toRecords();
  expect(row?.mae).toBeGreaterThan(0);
});

test('a file, a predictor and another panel know it too', async () => {
  const nf = make();
  await nf.fit(holed(null));
  const forecast = [...(await nf.predict()).column('NLinear')];
  await nf.save(`${folder}/holes.safetensors`);
  const loaded = await NeuralForecast.load(`${folder}/holes.safetensors`);
  expect(loaded.info().missing).toBe('mask');
  expect([...(await loaded.predict()).column('NLinear')]).toEqual(forecast);
  expect([...(await loaded.predict(holed(null))).column('NLinear')]).toEqual(forecast);
  const predictor = await loaded.predictor();
  expect([...predictor.predictSync(holed(Number.NaN).y)]).toEqual(forecast);
});

test('readCsv reads empty cells where they are allowed', async () => {
  const text = `ds,y\n${panel.y.map((y, i) => `${i},${i % 7 === 3 ? '' : y}`).join('\n')}\n`;
  await expect(readCsv({ text })).rejects.toMatchObject({ number: 'E0011' });
  const csv = await readCsv({ text }, { missing: 'mask' });
  expect(csv.y[3]).toBeNaN();
  await make().fit(csv);
});

test('implicit quantiles are columns, and any can be asked for', async () => {
  for (const loss of [iqLoss({ levels: [80] }), huberIqLoss({ quantiles: [0.1, 0.5, 0.9] })]) {
    const nf = make({ models: [linear({ loss, scalerType: 'standard' })] });
    const { models } = await nf.fit(holed(null), { valSize: 8 });
    expect(models[0]?.validLoss).toEqual(expect.any(Number));
    expect((await nf.predict()).modelColumns).toHaveLength(3);
    const asked = await nf.predict(null, { quantiles: [0.25, 0.75] });
    const [low, high] = asked.modelColumns.map((name) => [...asked.column(name)]);
    await expect(nf.exportCheckpoint(`${folder}/implicit`)).rejects.toMatchObject({
      number: 'E0010',
      message: expect.stringContaining('expected another loss'),
    });
    for (const [i, y] of low!.entries()) expect(y).toBeLessThanOrEqual(high![i]!);
  }
});

describe('intervals', () => {
  /** Every seventh month is not known, and months 50 to 69 are not. */
  const gaps = (rows: number) => {
    const { ds, y } = monthly(rows);
    return { ds, y: y.map((v, i) => (i % 7 === 3 || (i >= 50 && i < 70) ? Number.NaN : v)) };
  };
  const finite = (values: Iterable<number>) => [...values].every((v) => Number.isFinite(v));

  test.each(['error', 'distribution', 'adaptive'] as const)(
    '%s ones are of the errors that are known',
    async (method) => {
      const nf = make();
      await nf.fit(gaps(120), { intervals: { method, windows: 30 } });
      const table = await nf.predict(null, { levels: 80 });
      expect(table.modelColumns).toHaveLength(3);
      for (const name of table.modelColumns) expect(finite(table.column(name))).toBe(true);
      const options = { windows: 20, levels: 80, intervals: { method, windows: 20 } };
      const backtest = await make().crossValidation(gaps(120), options);
      for (const name of backtest.modelColumns) expect(finite(backtest.column(name))).toBe(true);
      const [row] = evaluate(backtest, { metrics: 'coverage' }).toRecords() as Record<
        string,
        unknown
      >[];
      expect(row?.['coverage-80']).toBeGreaterThan(40);
      await expect(nf.simulate()).rejects.toMatchObject({
        number: 'E0011',
        message: expect.stringContaining('sample paths are made of changes from step to step'),
      });
    },
  );

  test('a stream goes through a missing value unmoved', async () => {
    const nf = make();
    await nf.fit(gaps(120), { intervals: { method: 'adaptive', windows: 30 } });
    const intervals = nf.adaptiveIntervals(undefined, { levels: [80] });
    const point = (await nf.predict()).column('NLinear');
    const before = intervals.forecast('1', point);
    for (const missing of [null, Number.NaN, null, Number.NaN]) intervals.update('1', missing);
    expect(finite([...before[0]!.lo, ...before[0]!.hi])).toBe(true);
    expect(intervals.forecast('1', point)).toEqual(before);
    const restored = AdaptiveIntervals.fromJSON(JSON.parse(JSON.stringify(intervals)));
    expect(restored.forecast('1', point)).toEqual(before);
    intervals.update('1', 1e6);
    expect(intervals.forecast('1', point)).not.toEqual(before);
  });
});
