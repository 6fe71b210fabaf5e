import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NeuralForecast, nlinear, readCsv } from '../../lib/index';
import { HORIZON, ROWS, day, future, model, panel, rowsOf, statics } from './exogenous-data';

const newForecaster = (more: object = {}) =>
  new NeuralForecast({ horizon: HORIZON, inputSize: 6, models: [model(more)] });

let nf: NeuralForecast;
let base: number[];
beforeAll(async () => {
  nf = newForecaster();
  await nf.fit(panel, { statics });
  base = [...(await nf.predict(null, { future })).column('NHITS')];
});
afterAll(() => nf.dispose());

test('future rows may come in any order, with more rows and columns than needed', async () => {
  const extra = [...future, { ...future[0], unique_id: 'c' }, { ...future[0], ds: day(1) }];
  const table = await nf.predict(null, { future: extra.reverse() as typeof future });
  expect([...table.column('NHITS')]).toEqual(base);
});

test('a future column changes the forecast from its step on', async () => {
  const changed = future.map((row, i) => (i === 0 ? { ...row, weekday: 'wed' } : row));
  const table = await nf.predict(null, { future: changed });
  expect([...table.column('NHITS')].slice(0, HORIZON)).not.toEqual(base.slice(0, HORIZON));
  expect([...table.column('NHITS')].slice(HORIZON)).toEqual(base.slice(HORIZON));
});

test('another panel is forecast with static values of its own', async () => {
  const same = await nf.predict(panel, { future, statics });
  expect([...same.column('NHITS')]).toEqual(base);
  const other = statics.map((row) => ({ ...row, size: row.size + 1 }));
  const moved = await nf.predict(panel, { future, statics: other });
  expect([...moved.column('NHITS')]).not.toEqual(base);
});

test('makeFutureFrame lists the rows and missingFuture what a table lacks', async () => {
  const frame = await nf.makeFutureFrame();
  expect(frame.columns).toEqual(['unique_id', 'ds']);
  expect(frame.toRecords()).toEqual(future.map(({ unique_id, ds }) => ({ unique_id, ds })));
  const incomplete = future.filter((_, i) => i !== 1 && i !== 5);
  expect(await nf.missingFuture(incomplete)).toEqual({
    unique_id: ['a', 'b'],
    ds: [day(ROWS + 1), day(ROWS + 2)],
  });
  expect((await nf.missingFuture(future)).unique_id).toEqual([]);
  const longer = await nf.missingFuture(future, null, { horizon: HORIZON + 1 });
  expect(longer.unique_id).toEqual(['a', 'b']);
});

test('a saved model forecasts the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nd-exogenous-'));
  const file = join(folder, 'model.safetensors');
  await nf.save(file);
  const loaded = await NeuralForecast.load(file);
  expect([...(await loaded.predict(null, { future })).column('NHITS')]).toEqual(base);
  expect(loaded.info().models[0]?.options).toMatchObject({
    catCardinalities: { weekday: 3, region: 2 },
  });
  await loaded.dispose();
  const copy = nf.clone();
  expect([...(await copy.predict(null, { future })).column('NHITS')]).toEqual(base);
  await copy.dispose();
  rmSync(folder, { recursive: true });
});

test('columns of a CSV file are read as numbers and texts', async () => {
  const names = Object.keys(panel[0] as object);
  const lines = panel.map((row) =>
    Object.values({ ...row, ds: row.ds.toISOString(), open: Number(row.open) }).join(','),
  );
  const csv = await readCsv({ text: [names.join(','), ...lines].join('\n') });
  const other = newForecaster();
  await other.fit(csv, { statics });
  const text = future.map((row) => ({ ...row, ds: row.ds.toISOString() }));
  const table = await other.predict(null, { future: text });
  expect([...table.column('NHITS')]).toEqual(base);
  await other.dispose();
});

test('cross-validation reads the columns of the rows that it forecasts', async () => {
  const table = await nf.crossValidation(rowsOf(0, ROWS + HORIZON), { useFitted: true, statics });
  const values = [...table.column('NHITS')];
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(base[i] as number, 4);
});

test('a table that no model reads from may hold anything else', async () => {
  const plain = new NeuralForecast({
    horizon: 2,
    inputSize: 4,
    models: [nlinear({ maxSteps: 1 })],
  });
  const rows = panel.map((row) => ({ ...row, promo: row.open ? null : 'x' }));
  await plain.fit(rows as unknown as typeof panel);
  expect((await plain.predict()).length).toBe(4);
  await plain.dispose();
});

describe('what is wrong is named', () => {
  const without = (name: string) =>
    panel.map(({ [name as 'promo']: _, ...rest }) => rest) as typeof panel;
  const cases: [string, () => Promise<unknown>, string, RegExp][] = [
    [
      'a column that is missing',
      () => newForecaster().fit(without('weather'), { statics }),
      'ERR_ND_FEATURES',
      /no column "weather", which a model reads/,
    ],
    [
      'no static table',
      () => newForecaster().fit(panel),
      'ERR_ND_FEATURES',
      /reads the static column\(s\) "size", "region", expected the option statics/,
    ],
    [
      'a static row that is missing',
      () => newForecaster().fit(panel, { statics: statics.slice(1) }),
      'ERR_ND_FEATURES',
      /no row for the series "b"/,
    ],
    [
      'a static row that comes twice',
      () => newForecaster().fit(panel, { statics: [...statics, ...statics] }),
      'ERR_ND_DATA',
      /are both of "b"/,
    ],
    [
      'an empty cell',
      () =>
        newForecaster().fit(
          panel.map((row, i) => (i === 4 ? { ...row, promo: null } : row)) as never,
          {
            statics,
          },
        ),
      'ERR_ND_DATA',
      /series "a", row 4: promo is missing/,
    ],
    [
      'an infinite number',
      () =>
        newForecaster().fit(
          panel.map((row, i) => (i === 4 ? { ...row, promo: 1 / 0 } : row)),
          {
            statics,
          },
        ),
      'ERR_ND_DATA',
      /row 4: promo is Infinity/,
    ],
    [
      'numbers and texts in one column',
      () =>
        newForecaster().fit(
          panel.map((row, i) => (i === 4 ? { ...row, weekday: 3 } : row)) as never,
          {
            statics,
          },
        ),
      'ERR_ND_DATA',
      /weekday is 3, a number, while the rows before have texts/,
    ],
    ['no future', () => nf.predict(), 'ERR_ND_FEATURES', /makeFutureFrame/],
    [
      'a future row that is missing',
      () => nf.predict(null, { future: future.slice(1) }),
      'ERR_ND_FEATURES',
      /lacks 1 of 6 rows \("a" at 2024-01-31/,
    ],
    [
      'a future of integers',
      () => nf.predict(null, { future: future.map((row, i) => ({ ...row, ds: i })) }),
      'ERR_ND_FEATURES',
      /lacks 6 of 6 rows/,
    ],
    [
      'a horizon beyond that of a model with historic columns',
      () => nf.predict(null, { future: rowsOf(ROWS, ROWS + 6), horizon: 6 }),
      'ERR_ND_HORIZON',
      /historic columns/,
    ],
  ];
  test.each(cases)('%s', async (_, call, code, message) => {
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('a model that reads no columns', () => {
    expect(
      () => new NeuralForecast({ horizon: 2, models: [nlinear({ futrExog: ['promo'] })] }),
    ).toThrow(/NLinear does not use them/);
  });
});
