import path from 'node:path';
import {
  distributionLoss,
  evaluate,
  type ForecastError,
  lstm,
  mqLoss,
  NeuralForecast,
} from '../../lib/index';
import type { IntervalOptions } from '../../types/index';
import { linear, monthly, sizes, temporaryFolder } from './support';

const folder = temporaryFolder();
const panel = monthly(90);

async function fitted(intervals: IntervalOptions | undefined, options = {}) {
  const nf = new NeuralForecast({ ...sizes, models: [linear(options)] });
  await nf.fit(panel, intervals ? { intervals } : {});
  return nf;
}

test('a point model that was calibrated gives intervals around its forecast, whatever the level', async () => {
  const nf = await fitted({ windows: 20 });
  const table = await nf.predict(null, { levels: [80, 95] });
  expect(table.modelColumns).toEqual([
    'NLinear',
    'NLinear-lo-95',
    'NLinear-lo-80',
    'NLinear-hi-80',
    'NLinear-hi-95',
  ]);
  const [point, low95, low80, high80, high95] = table.modelColumns.map((name) => [
    ...table.column(name),
  ]) as [number[], number[], number[], number[], number[]];
  const plain = await (await fitted(undefined)).predict();
  expect(point).toEqual([...plain.column('NLinear')]);
  point.forEach((forecast, i) => {
    expect(high80[i]! - forecast).toBeCloseTo(forecast - low80[i]!, 9);
    expect(high95[i]!).toBeGreaterThanOrEqual(high80[i]!);
    expect(low95[i]!).toBeLessThanOrEqual(low80[i]!);
  });
  expect((await nf.predict()).modelColumns).toEqual(['NLinear']);
  expect((await nf.predict(null, { quantiles: 0.9 })).modelColumns).toEqual([
    'NLinear',
    'NLinear_ql0.9',
  ]);
  expect(nf.info().intervals).toEqual({
    method: 'error',
    windows: 20,
    stepSize: 1,
    levels: [],
    pooled: false,
  });
});

test('intervals survive a file and a clone, and end with a fit without them', async () => {
  const nf = await fitted({ method: 'distribution', windows: 20, stepSize: 2 });
  const expected = [...(await nf.predict(null, { levels: 80 })).column('NLinear-hi-80')];
  const file = path.join(folder, 'intervals.safetensors');
  await nf.save(file);
  const loaded = await NeuralForecast.load(file);
  for (const same of [loaded, nf.clone()]) {
    expect([...(await same.predict(null, { levels: 80 })).column('NLinear-hi-80')]).toEqual(
      expected,
    );
  }
  await nf.fit(panel);
  expect(nf.info().intervals).toBeNull();
  await expect(nf.predict(null, { levels: 80 })).rejects.toMatchObject({ number: 'E0010' });
});

test.each([
  ['MQLoss', mqLoss({ levels: [80] }), ['NLinear-median', 'NLinear-lo-80', 'NLinear-hi-80']],
  [
    'a distribution',
    distributionLoss({ distribution: 'Normal', levels: [80] }),
    ['NLinear', 'NLinear-median', 'NLinear-lo-80', 'NLinear-hi-80'],
  ],
])('the bounds of %s are moved, its other columns stay', async (_, loss, columns) => {
  const calibrated = await (await fitted({ windows: 9 }, { loss })).predict();
  const raw = await (await fitted(undefined, { loss })).predict();
  expect(calibrated.modelColumns).toEqual(columns);
  for (const name of columns) {
    const same = calibrated.column(name).every((v, i) => v === raw.column(name)[i]);
    expect([name, same]).toEqual([name, !/-lo-|-hi-/.test(name)]);
  }
});

test('cross-validation calibrates each of its fits, and evaluate tells the coverage', async () => {
  const nf = new NeuralForecast({
    ...sizes,
    models: [linear(), linear({ alias: 'quantiles', loss: mqLoss({ levels: [80] }) })],
  });
  const options = { windows: 12, refit: 6, levels: 80 };
  const table = await nf.crossValidation(panel, { ...options, intervals: { windows: 9 } });
  const scores = evaluate(table, { metrics: 'coverage' });
  const rows = scores.toRecords() as Record<string, unknown>[];
  expect(rows.map(({ model }) => model)).toEqual(['NLinear', 'quantiles']);
  for (const row of rows) expect(row['coverage-80']).toBeGreaterThan(40);
  // The same as a fit before the first cutoff.
  const known = { ds: panel.ds.slice(0, 75), y: panel.y.slice(0, 75) };
  await nf.fit(known, { intervals: { windows: 9 } });
  const first = await nf.predict(null, { levels: 80 });
  expect(first.modelColumns).toEqual(table.modelColumns);
  for (const name of table.modelColumns) {
    expect([...table.column(name).slice(0, 4)]).toEqual([...first.column(name)]);
  }
});

test('pooled errors serve a series that the fit has not seen', async () => {
  const nf = await fitted({ windows: 20, pooled: true });
  const other = { ...monthly(40, 3), unique_id: Array.from({ length: 40 }, () => 'other') };
  const table = await nf.predict(other, { levels: 80 });
  expect(table.column('NLinear-hi-80')[0]).toBeGreaterThan(table.column('NLinear')[0]!);
});

test('what is not an option is named', async () => {
  const nf = new NeuralForecast({ ...sizes, models: [linear()] });
  const refused = async (intervals: unknown): Promise<ForecastError> => {
    try {
      await nf.fit(panel, { intervals: intervals as IntervalOptions });
    } catch (error) {
      return error as ForecastError;
    }
    throw new Error('accepted');
  };
  expect((await refused({ window: 9 })).message).toBe(
    '[fit.intervals] received the unknown option "window"; did you mean "windows"?',
  );
  expect((await refused({ method: 'eror' })).message).toMatch(/did you mean "error"\?$/);
  expect((await refused({ windows: 0 })).message).toMatch(/\[fit.intervals\] received windows = 0/);
  expect((await refused({ levels: [100] })).number).toBe('E0010');
  expect((await refused(9)).message).toMatch(/expected an object such as/);
  await expect(nf.crossValidation(panel, { useFitted: true, intervals: {} })).rejects.toMatchObject(
    { number: 'E0010' },
  );
});

describe('simulate', () => {
  const loss = distributionLoss({ distribution: 'Normal' });

  test('gives paths of every series, the same for the same seed', async () => {
    const nf = await fitted(undefined, { loss });
    const table = await nf.simulate(null, { paths: 3, seed: 5 });
    expect(table.columns).toEqual(['unique_id', 'ds', 'path', 'NLinear']);
    expect([table.length, table.paths, table.horizon]).toEqual([12, 3, 4]);
    expect([...table.path]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    const next = await nf.predict();
    expect(table.ds.slice(4, 8)).toEqual(next.ds);
    const again = await nf.simulate(null, { paths: 3, seed: 5, threads: 2 });
    expect([...again.column('NLinear')]).toEqual([...table.column('NLinear')]);
    const other = await nf.simulate(null, { paths: 3, seed: 6 });
    expect([...other.column('NLinear')]).not.toEqual([...table.column('NLinear')]);
  });

  test('step by step, by a recurrent network', async () => {
    const recurrent = { recurrent: true, encoderHiddenSize: 4, maxSteps: 5, windowsBatchSize: 8 };
    const models = [lstm({ ...recurrent, loss: distributionLoss({ distribution: 'StudentT' }) })];
    const nf = new NeuralForecast({ ...sizes, models });
    await nf.fit(panel);
    const options = { method: 'ancestral', paths: 5, horizon: 6 } as const;
    const table = await nf.simulate(null, options);
    expect([table.length, table.paths, table.horizon]).toEqual([table.series.length * 30, 5, 6]);
    const values = [...table.column('LSTM')];
    expect(new Set(values).size).toBe(values.length);
    const again = await nf.simulate(null, { ...options, threads: 2 });
    expect([...again.column('LSTM')]).toEqual(values);
    const direct = await fitted(undefined, { loss });
    await expect(direct.simulate(null, options)).rejects.toMatchObject({
      number: 'E0010',
      message: expect.stringMatching(
        /NLinear: received method = "ancestral", expected a recurrent/,
      ),
    });
  });

  test('of point models, from their errors; of another panel; by rank', async () => {
    const nf = await fitted({ windows: 20, pooled: true });
    const other = { ...monthly(40, 3), unique_id: Array.from({ length: 40 }, () => 'other') };
    const table = await nf.simulate(other, { method: 'schaakeShuffle', paths: 10 });
    expect(table.series).toEqual(['other']);
    expect(table.column('NLinear').every(Number.isFinite)).toBe(true);
    await expect((await fitted(undefined)).simulate()).rejects.toMatchObject({ number: 'E0010' });
    await expect(nf.simulate(null, { paths: 0 })).rejects.toMatchObject({ number: 'E0010' });
    await expect(nf.simulate(null, { method: 'copula' as 'gaussianCopula' })).rejects.toMatchObject(
      { number: 'E0010' },
    );
  });
});
