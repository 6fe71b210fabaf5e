import path from 'node:path';
import { mqLoss, NeuralForecast } from '../../lib/index';
import { endless, linear, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const panel = monthly(60);
const until = (rows: number) => ({ ds: panel.ds.slice(0, rows), y: panel.y.slice(0, rows) });

const forecaster = (options = {}) =>
  new NeuralForecast({ ...sizes, models: [linear({ alias: 'M' })], ...options });

/** A forecast of the first `rows` months by an object that learned from no more than `learned`. */
async function expected(learned: number, rows: number): Promise<number[]> {
  const nf = forecaster();
  await nf.fit(until(learned));
  return [...(await nf.predict(until(rows))).column('M')];
}

describe('crossValidation', () => {
  test('one fit, several cutoffs', async () => {
    const nf = forecaster();
    const table = await nf.crossValidation(panel, { windows: 3, stepSize: 2 });
    expect(table.columns).toEqual(['unique_id', 'ds', 'cutoff', 'M', 'y']);
    expect(table).toMatchObject({ length: 12, horizon: 4, series: ['1'] });
    expect(table.cutoff[4]).toEqual(panel.ds[53]);
    expect(table.ds[4]).toEqual(panel.ds[54]);
    expect([...table.y.slice(4, 8)]).toEqual(panel.y.slice(54, 58));
    for (const [window, rows] of [52, 54, 56].entries()) {
      const ours = [...table.column('M').slice(window * 4, window * 4 + 4)];
      for (const [k, value] of (await expected(52, rows)).entries()) {
        expect(ours[k]).toBeCloseTo(value, 4);
      }
    }
    expect(nf.fitted).toBe(false);
  });

  test.each([
    [true, [52, 54, 56]],
    [2, [52, 52, 56]],
  ] as const)('refit: %s', async (refit, learned) => {
    const windowsOfFits = new Set<number>();
    const table = await forecaster().crossValidation(panel, {
      windows: 3,
      stepSize: 2,
      refit,
      onProgress: ({ model, window }) => model === 'M' && windowsOfFits.add(window),
    });
    for (const [window, rows] of learned.entries()) {
      const [first] = await expected(rows, 52 + 2 * window);
      expect(table.column('M')[window * 4]).toBeCloseTo(first!, 4);
    }
    expect(windowsOfFits.size).toBeGreaterThan(0);
  });

  test('of the fitted weights, over the fitted panel, with quantiles and own names', async () => {
    const nf = new NeuralForecast({
      ...sizes,
      models: [tiny({ loss: mqLoss({ levels: [80] }) })],
      idColumn: 'meter',
      timeColumn: 'time',
      targetColumn: 'load',
    });
    const rows = panel.y.map((load, i) => ({ meter: 'a', time: i, load }));
    await nf.fit(rows);
    const table = await nf.crossValidation(null, { windows: 2, useFitted: true });
    expect(table.columns).toEqual([
      'meter',
      'time',
      'cutoff',
      'MLP-median',
      'MLP-lo-80',
      'MLP-hi-80',
      'load',
    ]);
    expect(table.toRecords()[0]).toMatchObject({
      meter: 'a',
      time: 55,
      cutoff: 54,
      load: rows[55]!.load,
    });
  });

  test('a longer horizon', async () => {
    const table = await forecaster().crossValidation(panel, { horizon: 10, windows: 2 });
    expect(table).toMatchObject({ horizon: 10, length: 20 });
  });

  test.each([
    [{ windows: 0 }, 'E0010', /windows = 0/],
    [{ stepSize: 1.5 }, 'E0010', /stepSize = 1.5/],
    [{ refit: 'yes' }, 'E0010', /refit = "yes"/],
    [{ refit: true, useFitted: true }, 'E0010', /useFitted: true trains nothing/],
    [{ window: 2 }, 'E0010', /did you mean "windows"/],
    [{ useFitted: true }, 'E0001', /not fitted/],
    [{ windows: 100 }, 'E0003', /at most 60 rows, expected more than 103/],
    [{ windows: 1e15 }, 'E0010', /windows/],
    [{ valSize: 2 }, 'E0005', /valSize/],
  ])('%j is %s', async (options, number, message) => {
    await expect(forecaster().crossValidation(panel, options as never)).rejects.toMatchObject({
      number,
      message: expect.stringMatching(message),
    });
  });

  test('without a panel before a fit', async () => {
    await expect(forecaster().crossValidation()).rejects.toMatchObject({ number: 'E0001' });
  });

  test('abort', async () => {
    const nf = new NeuralForecast({ ...sizes, models: [endless()] });
    const controller = new AbortController();
    const running = nf.crossValidation(panel, {
      windows: 3,
      refit: true,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect((await forecaster().crossValidation(panel)).length).toBe(4);
  });
});

describe('predictInsample', () => {
  test('every step that has a past and a whole horizon after it', async () => {
    const nf = forecaster({ localScaler: 'boxcox' });
    await nf.fit(panel);
    const table = await nf.predictInsample();
    expect(table.length).toBe((60 - 4) * 4);
    expect(table.cutoff[0]).toEqual(panel.ds[0]);
    expect([...table.y.slice(-4)]).toEqual(panel.y.slice(-4));
    const thin = await nf.predictInsample(panel, { stepSize: 10 });
    expect(thin.length).toBe(6 * 4);
    expect(thin.cutoff.at(-1)).toEqual(panel.ds[55]);
  });

  test('of a loaded file needs the panel', async () => {
    const nf = forecaster();
    await nf.fit(panel);
    const file = path.join(folder, 'm.safetensors');
    await nf.save(file);
    const loaded = await NeuralForecast.load(file);
    expect((await loaded.predictInsample(panel)).length).toBe(56 * 4);
    expect((await loaded.predictInsample()).length).toBeLessThan(8 * 4);
    await expect(forecaster().predictInsample()).rejects.toMatchObject({ number: 'E0001' });
  });
});

test('a horizon beyond the trained one is forecast from forecasts', async () => {
  const nf = forecaster();
  await nf.fit(panel);
  const short = await nf.predict();
  const long = await nf.predict(null, { horizon: 9 });
  expect(long.length).toBe(9);
  expect([...long.column('M').slice(0, 4)]).toEqual([...short.column('M')]);
  const grown = {
    ds: [...panel.ds, ...(short.ds as Date[])],
    y: [...panel.y, ...short.column('M')],
  };
  const next = (await nf.predict(grown)).column('M');
  for (let k = 0; k < 4; k++) expect(long.column('M')[4 + k]).toBeCloseTo(next[k]!, 4);
  await expect(nf.predict(null, { horizon: 0 })).rejects.toMatchObject({ number: 'E0010' });
});

test('fromScratch forgets the earlier fit', async () => {
  const nf = forecaster();
  await nf.fit(panel);
  const once = [...(await nf.predict()).column('M')];
  await nf.fit(panel);
  expect([...(await nf.predict()).column('M')]).not.toEqual(once);
  await nf.fit(panel, { fromScratch: true });
  expect([...(await nf.predict()).column('M')]).toEqual(once);
});

test('boxcox refuses what has no logarithm', async () => {
  const fit = forecaster({ localScaler: 'boxcox' }).fit({
    y: [1, 2, 0, 4, 5, 6, 7],
    ds: [1, 2, 3, 4, 5, 6, 7],
  });
  await expect(fit).rejects.toMatchObject({
    number: 'E0011',
    message: expect.stringMatching(/series "1".*positive/),
  });
});
