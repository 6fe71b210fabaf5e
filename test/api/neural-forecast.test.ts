import fs from 'node:fs';
import path from 'node:path';
import {
  ForecastError,
  mqLoss,
  NeuralForecast,
  nhits,
  readCsv,
  runtimeInfo,
} from '../../lib/index';
import { packNames } from '../../lib/native-panel';
import { endless, forecastOf, linear, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const panel = monthly(60);

async function fitted(models = [tiny()], options = {}) {
  const nf = new NeuralForecast({ ...sizes, models, ...options });
  await nf.fit(panel);
  return nf;
}

describe('options', () => {
  test.each([
    [{ models: [tiny()], horizn: 4 }, /unknown option "horizn"; did you mean "horizon"\?/],
    [{ horizon: 4 }, /models = undefined, expected an array/],
    [{ horizon: 4, models: [] }, /expected an array of at least one model/],
    [{ horizon: 4, models: [nhits] }, /models\[0\] = a function.*call the factory/],
    [{ horizon: 4, models: [{}] }, /models\[0\]/],
    [{ horizon: 0, models: [tiny()] }, /horizon = 0/],
    [{ horizon: 2.5, models: [tiny()] }, /horizon = 2.5/],
    [{ horizon: Number.NaN, models: [tiny()] }, /horizon = NaN/],
    [{ ...sizes, models: [tiny({ hidenSize: 4 })] }, /"hidenSize".*"hiddenSize"/],
    [{ ...sizes, models: [tiny({ maxSteps: -1 })] }, /maxSteps = -1/],
    [{ ...sizes, models: [tiny({ learningRate: Number.NaN })] }, /learningRate = NaN/],
    [{ ...sizes, models: [{ type: 'NHIT', options: {} }] }, /NHITS/],
    [{ ...sizes, models: [tiny()], frequency: 'fortnight' }, /fortnight/],
    [{ ...sizes, models: [tiny()], localScaler: 'robst' }, /robust/],
    [{ ...sizes, models: [tiny()], compat: 'prophet' }, /compat/],
    [{ ...sizes, models: [tiny()], idColumn: 7 }, /idColumn = 7/],
    [{ ...sizes, models: [tiny({ alias: 'x' }), linear({ alias: 'x' })] }, /twice/],
    [null, /options = null/],
  ])('%#: E0010', (options, message) => {
    const construct = () => new NeuralForecast(options as never);
    expect(construct).toThrow(ForecastError);
    expect(construct).toThrow(
      expect.objectContaining({ number: 'E0010', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    ['fit', { valsize: 1 }, /did you mean "valSize"/],
    ['fit', { valSize: -1 }, /valSize = -1/],
    ['fit', { threads: 0 }, /threads = 0/],
    ['fit', { onProgress: 7 }, /onProgress = 7/],
    ['fit', { signal: {} }, /signal/],
    ['predict', { thread: 1 }, /did you mean "threads"/],
  ] as const)('%s(%j) is a rejection with E0010', async (method, options, message) => {
    const nf = new NeuralForecast({ ...sizes, models: [tiny()] });
    const call = nf[method](panel, options as never);
    await expect(call).rejects.toMatchObject({
      number: 'E0010',
      message: expect.stringMatching(message),
    });
  });
});

describe('before a fit', () => {
  const nf = new NeuralForecast({ ...sizes, models: [tiny()] });

  test('facts', () => {
    expect(nf.fitted).toBe(false);
    expect(nf.columns).toEqual(['MLP']);
    expect(nf.info()).toMatchObject({ horizon: 4, inputSize: 8, aliases: ['MLP'], series: [] });
  });

  test.each([
    ['predict', () => nf.predict()],
    ['predict of a panel', () => nf.predict(panel)],
    ['predictor', () => nf.predictor()],
    ['save', () => nf.save(path.join(folder, 'unfitted.safetensors'))],
  ])('%s is E0001', async (_, call) => {
    await expect(call()).rejects.toMatchObject({ number: 'E0001', code: 'ERR_ND_NOT_FITTED' });
  });
});

/** The same stamps in every kind, and the two that follow a panel of 60 rows. */
const KINDS = [
  ['Date', panel.ds, [new Date('1954-01-01'), new Date('1954-02-01')]],
  ['day', panel.ds.map((d) => d.toISOString().slice(0, 10)), ['1954-01-01', '1954-02-01']],
  ['month', panel.ds.map((d) => d.toISOString().slice(0, 7)), ['1954-01', '1954-02']],
  [
    'stamp with zone',
    panel.ds.map((d) => `${d.toISOString().slice(0, 19)}Z`),
    ['1954-01-01T00:00:00Z', '1954-02-01T00:00:00Z'],
  ],
  ['number', panel.ds.map((_, i) => i), [60, 61]],
  ['bigint', panel.ds.map((_, i) => BigInt(2 * i)), [120n, 122n]],
] as const;

describe('fit and predict', () => {
  test('several models over several series of different lengths', async () => {
    const a = monthly(60);
    const b = monthly(40, 3);
    const records = [
      ...a.y.map((y, i) => ({ unique_id: 'a', ds: a.ds[i], y })),
      ...b.y.map((y, i) => ({ unique_id: 'b', ds: b.ds[i], y })),
    ];
    const nf = new NeuralForecast({
      ...sizes,
      models: [tiny({ loss: mqLoss({ levels: [80] }) }), linear({ alias: 'line' })],
    });
    const result = await nf.fit(records, { valSize: 4 });
    expect(result).toMatchObject({ series: 2, rows: 100, frequency: 'MS', sorted: true });
    expect(result.models).toMatchObject([
      { alias: 'MLP', type: 'MLP', steps: 5 },
      { alias: 'line', type: 'NLinear', steps: 5 },
    ]);
    const forecast = await nf.predict();
    expect(forecast.columns).toEqual([
      'unique_id',
      'ds',
      'MLP-median',
      'MLP-lo-80',
      'MLP-hi-80',
      'line',
    ]);
    expect(forecast.length).toBe(8);
    expect(forecast.unique_id).toEqual([...Array(4).fill('a'), ...Array(4).fill('b')]);
    expect(forecast.ds[0]).toEqual(new Date('1954-01-01'));
    expect(forecast.ds[4]).toEqual(new Date('1952-05-01'));
    for (const name of forecast.modelColumns) {
      expect(forecast.column(name)).toBeInstanceOf(Float64Array);
      expect(forecast.column(name).every(Number.isFinite)).toBe(true);
    }
    expect(nf.columns).toEqual(forecast.modelColumns);
    expect(nf.fitted).toBe(true);
  });

  test('rows in any order give the same forecast, and fit says that it sorted', async () => {
    const order = panel.y.map((_, i) => (i * 7) % 60);
    const shuffled = { ds: order.map((i) => panel.ds[i]), y: order.map((i) => panel.y[i]) };
    const nf = new NeuralForecast({ ...sizes, models: [tiny()] });
    expect((await nf.fit(shuffled)).sorted).toBe(false);
    expect(await forecastOf(nf)).toEqual(await forecastOf(await fitted()));
  });

  test('the step of integer time may be a number', async () => {
    const table = { ds: panel.y.map((_, i) => 10 + 2 * i), y: panel.y };
    const nf = new NeuralForecast({ ...sizes, frequency: 2, models: [tiny()] });
    await nf.fit(table);
    const { ds } = await nf.predict();
    expect(ds[0]).toBe(10 + 2 * panel.y.length);
    expect(() => new NeuralForecast({ ...sizes, frequency: 1.5, models: [tiny()] })).toThrow(
      /1\.5/,
    );
  });

  test('the number of threads changes nothing', async () => {
    const one = new NeuralForecast({ ...sizes, models: [tiny()] });
    const two = new NeuralForecast({ ...sizes, models: [tiny()] });
    await one.fit(panel, { threads: 1 });
    await two.fit(panel, { threads: 2 });
    expect(await forecastOf(one)).toEqual(await forecastOf(two));
  });

  test('another panel is forecast without a refit, in its own kind of time', async () => {
    const nf = await fitted();
    const other = monthly(30, 1);
    const iso = other.ds.map((d) => d.toISOString().slice(0, 10));
    const forecast = await nf.predict({ ds: iso, y: other.y });
    expect(forecast.ds).toEqual(['1951-07-01', '1951-08-01', '1951-09-01', '1951-10-01']);
    expect((await nf.predict()).ds[0]).toBeInstanceOf(Date);
  });

  test.each(KINDS)('time stamps come back as they came: %s', async (kind, ds, expected) => {
    const nf = new NeuralForecast({ ...sizes, models: [linear()] });
    await nf.fit({ ds, y: panel.y });
    const forecast = await nf.predict();
    expect([...forecast.ds].slice(0, 2)).toEqual(expected);
    const file = path.join(folder, `${kind}.safetensors`);
    await nf.save(file);
    const loaded = await NeuralForecast.load(file);
    expect((await loaded.predict()).toRecords()).toEqual(forecast.toRecords());
    const again = path.join(folder, `${kind}-again.safetensors`);
    await loaded.save(again);
    expect(fs.readFileSync(again).equals(fs.readFileSync(file))).toBe(true);
  });

  test('milliseconds under a calendar frequency', async () => {
    const quarter = 900_000;
    const ds = panel.ds.map((_, i) => 1_700_000_100_000 + i * quarter);
    const nf = new NeuralForecast({ ...sizes, frequency: '15min', models: [linear()] });
    await nf.fit({ ds, y: panel.y });
    expect((await nf.predict()).ds[0]).toBe(1_700_000_100_000 + 60 * quarter);
    const file = path.join(folder, 'quarters.safetensors');
    await nf.save(file);
    const loaded = await NeuralForecast.load(file);
    expect((await loaded.predict()).ds[0]).toBe(1_700_000_100_000 + 60 * quarter);
    await loaded.fit({ ds, y: panel.y });
    expect((await loaded.predict()).ds[1]).toBe(1_700_000_100_000 + 61 * quarter);
  });

  test('names of columns', async () => {
    const names = { idColumn: 'symbol', timeColumn: 'time', targetColumn: 'price' };
    const nf = new NeuralForecast({ ...sizes, ...names, models: [linear()] });
    await nf.fit(panel.y.map((price, time) => ({ symbol: 'X', time, price })));
    expect((await nf.predict()).toRecords()[0]).toEqual({
      symbol: 'X',
      time: 60,
      NLinear: expect.any(Number),
    });
    expect(nf.info()).toMatchObject(names);
    expect(nf.info()).not.toHaveProperty('note');

    const file = path.join(folder, 'names.safetensors');
    await nf.save(file);
    const loaded = await NeuralForecast.load(file);
    expect(loaded.info()).toEqual(nf.info());
    expect((await loaded.predict()).columns).toEqual(['symbol', 'time', 'NLinear']);
    const renamed = await NeuralForecast.load(file, { timeColumn: 'when' });
    expect(renamed.info()).toMatchObject({ ...names, timeColumn: 'when' });
    expect((await renamed.predict()).columns).toEqual(['symbol', 'when', 'NLinear']);
  });

  test('a CSV file is taken as it was read, whatever the names of columns', async () => {
    const names = { idColumn: 'symbol', timeColumn: 'time', targetColumn: 'price' };
    const rows = panel.y.map((price, time) => `X,${time},${price},${-price}`);
    const text = ['symbol,time,price,other', ...rows].join('\n');
    const csv = await readCsv({ text }, names);
    const nf = new NeuralForecast({ ...sizes, ...names, models: [linear()] });
    await nf.fit(csv);
    const plain = new NeuralForecast({ ...sizes, models: [linear()] });
    await plain.fit(csv);
    const forecast = await forecastOf(nf);
    expect(await forecastOf(plain)).toEqual(forecast);
    expect((await nf.predict(csv)).columns).toEqual(['symbol', 'time', 'NLinear']);

    // A name that the table has is meant, and a table of the caller's own making has to have it.
    const other = new NeuralForecast({ ...sizes, targetColumn: 'other', models: [linear()] });
    await other.fit(csv);
    expect((await forecastOf(other)).NLinear![0]).toBeLessThan(0);
    await expect(nf.fit({ ...csv })).rejects.toMatchObject({ number: 'E0011' });
    const single = await readCsv(
      { text: text.replaceAll(/^[^,]+,/gm, '') },
      { timeColumn: 'time', targetColumn: 'price' },
    );
    await expect(nf.fit(single)).rejects.toThrow(/no column "symbol"/);
  });
});

describe('data errors of the engine', () => {
  const failing = (table: object) =>
    new NeuralForecast({ ...sizes, models: [tiny()] }).fit(table as never);
  const y = panel.y;
  const integers = y.map((_, i) => i);

  test.each([
    ['a duplicate', { ds: integers.map((i) => (i === 30 ? 29 : i)), y }, 'E0011'],
    ['a gap', { ds: integers.map((i) => (i > 30 ? i + 1 : i)), y }, 'E0011'],
    [
      'a stamp off the grid',
      { ds: panel.ds.map((d, i) => new Date(+d + (i === 30 ? 1 : 0))), y },
      'E0011',
    ],
    ['a short series', { ds: [1, 2, 3], y: [1, 2, 3] }, 'E0003'],
  ])('%s', async (_, table, number) => {
    const error = await failing(table).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ForecastError);
    expect(error).toMatchObject({ number });
    expect((error as ForecastError).message).toMatch(/^\[.+\] /);
  });

  test('names series, row and value', async () => {
    const error = await failing({ ds: integers.map((i) => (i === 30 ? 29 : i)), y }).catch(
      (e) => e,
    );
    expect(error.details).toMatchObject({ series: '1', row: expect.any(Number) });
  });
});

describe('files', () => {
  test('a loaded forecaster gives the same forecast', async () => {
    const nf = await fitted([tiny(), linear()]);
    const file = path.join(folder, 'both.safetensors');
    await nf.save(file);
    const loaded = await NeuralForecast.load(file);
    expect(loaded.fitted).toBe(true);
    expect((await loaded.predict()).toRecords()).toEqual((await nf.predict()).toRecords());
    const other = monthly(30, 1);
    expect((await loaded.predict(other)).toCsv()).toEqual((await nf.predict(other)).toCsv());
  });

  test('without data only other panels can be forecast', async () => {
    const nf = await fitted();
    const file = path.join(folder, 'weights-only.safetensors');
    await nf.save(file, { includeData: false });
    const loaded = await NeuralForecast.load(file);
    expect(loaded.info().hasData).toBe(false);
    await expect(loaded.predict()).rejects.toBeInstanceOf(ForecastError);
    expect((await loaded.predict(panel)).length).toBe(4);
  });

  test('what cannot be read or written is E0006', async () => {
    const missing = path.join(folder, 'missing.safetensors');
    await expect(NeuralForecast.load(missing)).rejects.toMatchObject({ number: 'E0006' });
    await expect(NeuralForecast.load(__filename)).rejects.toMatchObject({ number: 'E0006' });
    const nf = await fitted();
    const nowhere = path.join(folder, 'no', 'such', 'folder.safetensors');
    await expect(nf.save(nowhere)).rejects.toMatchObject({ number: 'E0006' });
    await expect(nf.save('')).rejects.toMatchObject({ number: 'E0010' });
    await expect(nf.loadWeights('MLP', missing)).rejects.toMatchObject({ number: 'E0006' });
  });
});

describe('predictor', () => {
  test('agrees with predict, one window or many, at once or on another thread', async () => {
    const nf = await fitted([tiny({ loss: mqLoss({ levels: [80] }) })]);
    const table = await nf.predict();
    const expected = Array.from({ length: 4 }, (_, h) =>
      table.modelColumns.map((c) => table.column(c)[h]!),
    ).flat();
    const predictor = await nf.predictor();
    expect(predictor).toMatchObject({ inputSize: 8, horizon: 4, columns: table.modelColumns });
    const window = panel.y.slice(-8);
    const forecast = predictor.predictSync(window);
    expect(forecast).toBeInstanceOf(Float64Array);
    forecast.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
    expect(predictor.predictSync(Float64Array.from(window))).toEqual(forecast);
    expect(await predictor.predict(window)).toEqual(forecast);
    const two = [...window, ...window];
    const batch = await predictor.predict({ windows: two, count: 2 });
    expect(batch.length).toBe(2 * forecast.length);
    forecast.forEach((value, i) => {
      expect(batch[i]).toBeCloseTo(value, 4);
      expect(batch[forecast.length + i]).toBeCloseTo(value, 4);
    });
    await predictor.dispose();
    expect(() => predictor.predictSync(window)).toThrow(
      expect.objectContaining({ number: 'E0012' }),
    );
  });

  test('a later fit does not change it', async () => {
    const nf = await fitted();
    const predictor = await nf.predictor('MLP');
    const before = predictor.predictSync(panel.y);
    await nf.fit(monthly(48, 5));
    expect(predictor.predictSync(panel.y)).toEqual(before);
  });

  test('bad windows', async () => {
    const nf = await fitted([tiny(), linear()]);
    await expect(nf.predictor()).rejects.toMatchObject({ number: 'E0010' });
    await expect(nf.predictor('NHITS')).rejects.toMatchObject({ number: 'E0010' });
    const predictor = await nf.predictor('MLP');
    const ask = (input: unknown) => () => predictor.predictSync(input as never);
    const fails = (number: string) => expect.objectContaining({ number });
    expect(ask([])).toThrow(fails('E0002'));
    expect(ask('1,2,3')).toThrow(fails('E0002'));
    expect(ask({ windows: [1, 2, 3], count: 2 })).toThrow(fails('E0002'));
    expect(ask({ windows: [1, 2, 3], count: 0 })).toThrow(fails('E0010'));
    expect(ask([1, 2, '3'])).toThrow(fails('E0011'));
    expect(ask([1, 2, Number.NaN])).toThrow(fails('E0011'));
    expect(predictor.predictSync([1, 2, 3]).every(Number.isFinite)).toBe(true);
    await expect(predictor.predict([1, Number.NaN])).rejects.toMatchObject({ number: 'E0011' });
  });
});

describe('abort and progress', () => {
  test('an aborted fit rejects with the reason and leaves the object usable', async () => {
    const nf = await fitted();
    const before = await forecastOf(nf);
    const slow = new NeuralForecast({ ...sizes, models: [endless()] });
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const fit = slow.fit(panel, {
      signal: controller.signal,
      onProgress: ({ step }) => step >= 2 && controller.abort(reason),
    });
    await expect(fit).rejects.toBe(reason);
    expect(slow.fitted).toBe(false);
    await expect(slow.predict()).rejects.toMatchObject({ number: 'E0001' });
    await nf.fit(panel, { signal: AbortSignal.abort(reason) }).catch(() => undefined);
    expect(await forecastOf(nf)).toEqual(before);
  });

  test('a job that waits for another is aborted at once', async () => {
    const controller = new AbortController();
    const nf = new NeuralForecast({ ...sizes, models: [endless()] });
    const running = nf.fit(panel, { signal: controller.signal });
    const second = new AbortController();
    const fit = nf.fit(panel, { signal: second.signal });
    setTimeout(() => second.abort(), 20);
    await expect(fit).rejects.toMatchObject({ name: 'AbortError' });
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('progress has the documented members and ends at the last step', async () => {
    const events: object[] = [];
    const nf = new NeuralForecast({ ...sizes, models: [tiny({ valCheckSteps: 2 })] });
    await nf.fit(panel, { valSize: 4, onProgress: (event) => events.push(event) });
    expect(events.at(-1)).toEqual({
      model: 'MLP',
      step: 5,
      maxSteps: 5,
      trainLoss: expect.any(Number),
      validLoss: expect.any(Number),
      elapsedMs: expect.any(Number),
    });
  });

  test('a callback that throws stops the fit, which rejects with that error', async () => {
    const error = new Error('in my callback');
    const nf = new NeuralForecast({ ...sizes, models: [endless()] });
    const fit = nf.fit(panel, {
      onProgress: () => {
        throw error;
      },
    });
    await expect(fit).rejects.toBe(error);
  });

  test('a forecast during a fit comes from the state before it', async () => {
    const nf = await fitted([tiny({ alias: 'M', maxSteps: 3000 })]);
    const before = await forecastOf(nf);
    let during: Promise<object> | undefined;
    await nf.fit(monthly(48, 5), {
      onProgress: () => {
        during ??= forecastOf(nf);
      },
    });
    expect(await during).toEqual(before);
    expect(await forecastOf(nf)).not.toEqual(before);
  });

  test('a short fit does not wait for a long one of another object', async () => {
    const controller = new AbortController();
    const long = new NeuralForecast({ ...sizes, models: [endless()] });
    const running = long.fit(panel, { signal: controller.signal });
    await Promise.all([fitted(), fitted(), fitted()]);
    expect(long.fitted).toBe(false);
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('fits of one object run in the order of their calls', async () => {
    const nf = new NeuralForecast({ ...sizes, models: [tiny()] });
    const ended: number[] = [];
    await Promise.all([0, 1, 2].map((i) => nf.fit(panel).then(() => ended.push(i))));
    expect(ended).toEqual([0, 1, 2]);
    const alone = new NeuralForecast({ ...sizes, models: [tiny()] });
    for (let i = 0; i < 3; i++) await alone.fit(panel);
    expect(await forecastOf(nf)).toEqual(await forecastOf(alone));
  });

  test('a large panel first, a small one after it: the second fit is the last', async () => {
    const rows = 300_000;
    const large = {
      unique_id: Array.from({ length: rows }, (_, i) => `s${Math.floor(i / 100)}`),
      ds: Array.from({ length: rows }, (_, i) => i % 100),
      y: Array.from({ length: rows }, (_, i) => i % 7),
    };
    const nf = new NeuralForecast({ ...sizes, models: [tiny()], frequency: 1 });
    const { y } = panel;
    const small = { ds: y.map((_, i) => i), y };
    const failing = nf.fit({ ds: [1], y: [Number.NaN] }).catch((error) => error.number);
    await Promise.all([nf.fit(large), nf.fit(small)]);
    expect(await failing).toBe('E0011');
    expect(nf.info().series).toEqual(['1']);
  });

  test('two forecasters at once do not disturb each other', async () => {
    const alone = await forecastOf(await fitted());
    const [a, b] = await Promise.all([fitted(), fitted()]);
    expect(await forecastOf(a)).toEqual(alone);
    expect(await forecastOf(b)).toEqual(alone);
  });
});

describe('many series', () => {
  const name = (s: number) => (s % 2 ? `Größe ${s}` : `s${s}\u{1F600}`);
  const count = 3000;
  const table = {
    unique_id: Array.from({ length: count * 12 }, (_, i) => name(Math.floor(i / 12))),
    ds: Float64Array.from({ length: count * 12 }, (_, i) => i % 12),
    y: Float64Array.from({ length: count * 12 }, (_, i) => i % 7),
  };
  const names = Array.from({ length: count }, (_, s) => name(s));

  test('their names reach native code and come back, and stay those of the moment of info()', async () => {
    const nf = new NeuralForecast({ ...sizes, models: [tiny()] });
    await nf.fit(table);
    const info = nf.info();
    expect(info.seriesCount).toBe(count);
    // Not made before somebody asks for them.
    expect(Object.getOwnPropertyDescriptor(info, 'series')).toHaveProperty('get');
    expect((await nf.predict()).series).toEqual(names);
    await nf.fit(panel);
    expect(nf.info()).toMatchObject({ seriesCount: 1, series: ['1'] });
    await nf.dispose();
    expect(info.series).toEqual(names);
    expect(JSON.parse(JSON.stringify(info)).series).toEqual(names);
  });

  test('an abort while names are packed', async () => {
    const controller = new AbortController();
    const many = Array.from({ length: 200_000 }, (_, s) => `series ${s}`);
    const packing = packNames(many, controller.signal);
    controller.abort(new Error('mine'));
    await expect(packing).rejects.toThrow('mine');
  });
});

test('dispose waits for an insample forecast of the fitted panel', async () => {
  const nf = await fitted();
  const running = nf.predictInsample();
  await nf.dispose();
  expect((await running).length).toBeGreaterThan(0);
});

describe('clone', () => {
  test('forecasts the same, and goes its own way', async () => {
    const nf = await fitted([tiny()], { targetColumn: 'y' });
    const before = await forecastOf(nf);
    const copy = nf.clone();
    expect(copy.info()).toEqual(nf.info());
    expect(await forecastOf(copy)).toEqual(before);
    await copy.fit(monthly(48, 5));
    expect(await forecastOf(copy)).not.toEqual(before);
    await copy.dispose();
    expect(await forecastOf(nf)).toEqual(before);
  });

  test('of an object that is not fitted, and of one that is gone', async () => {
    const nf = new NeuralForecast({ ...sizes, models: [tiny()] });
    expect(nf.clone().fitted).toBe(false);
    await nf.dispose();
    expect(() => nf.clone()).toThrow(expect.objectContaining({ number: 'E0012' }));
  });
});

describe('dispose', () => {
  test('waits for calls in flight; later ones are E0012', async () => {
    const nf = await fitted();
    const predict = nf.predict();
    await nf.dispose();
    await nf.dispose();
    expect((await predict).length).toBe(4);
    await expect(nf.predict()).rejects.toMatchObject({ number: 'E0012' });
    await expect(nf.fit(panel)).rejects.toMatchObject({ code: 'ERR_ND_BUSY' });
    expect(() => nf.info()).toThrow(expect.objectContaining({ number: 'E0012' }));
  });
});

test('the version is that of the package everywhere', async () => {
  const { version } = require('../../package.json');
  expect(runtimeInfo().version).toBe(version);
  const nf = await fitted();
  expect(nf.info().packageVersion).toBe(version);
  const file = path.join(folder, 'version.safetensors');
  await nf.save(file);
  expect(fs.readFileSync(file, 'latin1')).toContain(`"package_version":"${version}"`);
});

test('runtimeInfo says what runs here', () => {
  expect(runtimeInfo()).toMatchObject({
    version: require('../../package.json').version,
    target: expect.any(String),
    threads: expect.any(Number),
    node: process.versions.node,
    prebuild: expect.stringContaining(process.arch),
  });
});

test('objects can be disposed of by `await using`', async () => {
  const nf = await fitted();
  const predictor = await nf.predictor();
  expect(typeof Symbol.asyncDispose).toBe('symbol');
  await predictor[Symbol.asyncDispose]();
  await nf[Symbol.asyncDispose]();
  await expect(nf.predict()).rejects.toMatchObject({ number: 'E0012' });
});
