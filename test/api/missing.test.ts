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
      expect(finite((await nf.simulate()).column('NLinear'))).toBe(true);
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

describe('intervals and paths', () => {
  const gaps = (i: number) => i % 7 === 3;
  const whole = monthly(120).y.map((y, i) => y + 3 * Math.sin(i * i)); // errors of all sizes
  const y = whole.map((v, i) => (gaps(i) ? Number.NaN : v));
  const table = { ds: y.map((_, i) => i), y };
  const upTo = (rows: number) => ({ ds: table.ds.slice(0, rows), y: y.slice(0, rows) });

  test('radii are order statistics of the errors that are known', async () => {
    const nf = make();
    await nf.fit(table, { intervals: { windows: 20 } });
    const forecast = await nf.predict(null, { levels: 80 });
    // The same by hand: a fit before the windows, and its errors.
    const before = make();
    await before.fit(upTo(120 - 4 - 19));
    const cv = await before.crossValidation(table, { windows: 20, useFitted: true });
    for (let step = 0; step < 4; step++) {
      const errors = [...cv.y]
        .map((actual, i) => Math.abs(actual - cv.column('NLinear')[i]!))
        .filter((error, i) => i % 4 === step && !Number.isNaN(error))
        .sort((a, b) => a - b);
      expect(errors.length).toBeLessThan(20);
      const radius = errors[Math.ceil((errors.length + 1) * 0.8) - 1]!;
      const center = forecast.column('NLinear')[step]!;
      expect(forecast.column('NLinear-hi-80')[step]).toBeCloseTo(center + radius, 9);
      expect(forecast.column('NLinear-lo-80')[step]).toBeCloseTo(center - radius, 9);
    }
  });

  test.each(['error', 'distribution', 'adaptive'] as const)('coverage of %s', async (method) => {
    const cv = await make().crossValidation(table, {
      windows: 15,
      levels: 80,
      intervals: { method, windows: 20 },
    });
    const [row] = evaluate(cv, { metrics: 'coverage' }).toRecords();
    expect(row?.['coverage-80']).toBeGreaterThan(50);
  });

  test('paths have the pieces of the history that are whole', async () => {
    const nf = make();
    await nf.fit(table, { intervals: { windows: 20 } });
    for (const method of ['gaussianCopula', 'schaakeShuffle'] as const) {
      const paths = await nf.simulate(null, { paths: 30, method });
      for (const value of paths.column('NLinear')) expect(Number.isFinite(value)).toBe(true);
    }
    await expect(
      nf.simulate(
        { ...table, y: y.map((v, i) => (i % 4 === 0 ? Number.NaN : v)) },
        { method: 'schaakeShuffle' },
      ),
    ).rejects.toMatchObject({
      number: 'E0003',
      message: expect.stringContaining('received 3 observed rows in a row of the series "1"'),
    });
  });

  test('a series of which no error is known', async () => {
    const nf = make();
    const lost = { ...table, y: y.map((v, i) => (i >= 95 ? Number.NaN : v)) };
    await nf.fit(lost, { intervals: { windows: 20 } });
    await expect(nf.predict(null, { levels: 80 })).rejects.toThrow(/with 0 errors per series/);
    await expect(nf.simulate()).rejects.toMatchObject({
      number: 'E0011',
      message: expect.stringContaining('no error at step 1'),
    });
  });
});

test('a short series is forecast near itself, not as if it came from 0', async () => {
  const level = { ds: Array.from({ length: 60 }, (_, i) => i), y: panel.y.map((y) => y + 1000) };
  const short = (rows: number) => ({ ds: level.ds.slice(0, rows), y: level.y.slice(0, rows) });
  const trained = async (compat?: 'neuralforecast') => {
    const models = [linear({ maxSteps: 200, scalerType: 'standard' })];
    const nf = new NeuralForecast({ ...sizes, models, ...(compat ? { compat } : {}) });
    await nf.fit(level);
    return nf;
  };
  const nf = await trained();
  for (const rows of [2, 4, 7]) {
    const forecast = [...(await nf.predict(short(rows))).column('NLinear')];
    for (const y of forecast) expect(Math.abs(y - level.y[rows]!)).toBeLessThan(60);
  }
  const reference = await trained('neuralforecast');
  const far = (await reference.predict(short(4))).column('NLinear');
  expect(Math.max(...far.map((y) => Math.abs(y - level.y[4]!)))).toBeGreaterThan(60);
});
