import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ForecastTable, NeuralForecast, readCsv } from '../../lib/index';
import { temporaryFolder } from './support';

// Saved by NeuralForecast itself: test/fixtures/checkpoints/make.py.
const fixtures = path.join(__dirname, '..', 'fixtures', 'checkpoints');
const VERSIONS = ['3.2', '3.3'];
const of = (version: string, ...names: string[]) => path.join(fixtures, version, ...names);
const folder = temporaryFolder();

/** A copy of a checkpoint with one of its files changed. */
function changed(
  version: string,
  file: string,
  change: (bytes: Buffer) => Buffer,
  fixture = 'target-only',
): string {
  const copy = fs.mkdtempSync(path.join(folder, 'changed-'));
  fs.cpSync(of(version, fixture, 'checkpoint'), copy, { recursive: true });
  const name = path.join(copy, file);
  fs.chmodSync(name, 0o644);
  fs.writeFileSync(name, change(fs.readFileSync(name)));
  return copy;
}

/** The columns of what NeuralForecast forecasts, six rows each. */
function forecastOf(file: string): Map<string, number[]> {
  const [names, ...rows] = fs
    .readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const column = (c: number): [string, number[]] => [names![c]!, rows.map((row) => Number(row[c]))];
  return new Map(names!.map((_, c) => column(c)).slice(2));
}

/** Largest relative difference of a table to them. */
function difference(table: ForecastTable, file: string): number {
  const expected = forecastOf(file);
  // Files are read in the order of their names, not in that of the models that were saved.
  expect([...table.modelColumns].sort()).toEqual([...expected.keys()].sort());
  const errors = [...expected].flatMap(([name, values]) =>
    [...table.column(name)].map((value, i) => Math.abs(value / values[i]! - 1)),
  );
  expect(errors).toHaveLength(6 * expected.size);
  return Math.max(...errors);
}

const withoutFeatures = async () => {
  const { unique_id = [], ds, y } = await readCsv(path.join(fixtures, 'panel.csv'));
  return { unique_id, ds, y };
};

/** A table of the fixtures: numbers where a cell reads as one. */
function records(file: string): Record<string, string | number>[] {
  const [header, ...lines] = fs.readFileSync(path.join(fixtures, file), 'utf8').trim().split('\n');
  const names = header!.split(',');
  const cell = (text: string) => (Number.isNaN(Number(text)) ? text : Number(text));
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cell(cells[i]!)]));
  });
}

describe.each(VERSIONS)('a checkpoint of NeuralForecast %s', (version) => {
  const checkpoint = of(version, 'target-only', 'checkpoint');
  const expected = of(version, 'target-only', 'predict.csv');

  test('forecasts from its own rows what it did there', async () => {
    const nf = await NeuralForecast.importCheckpoint(checkpoint);
    expect(nf.info()).toMatchObject({
      fitted: true,
      frequency: 'MS',
      localScaler: 'robust',
      compat: true,
      horizon: 3,
      series: ['north', 'south'],
      hasData: true,
      aliases: ['DLinear', 'DLinear1', 'mean'],
    });
    expect(nf.info().models[2]).toMatchObject({
      type: 'MLP',
      options: { hiddenSize: 8, numLayers: 1, maxSteps: 5, randomSeed: 1, inputSize: 6 },
    });
    const table = await nf.predict(null);
    expect(table.ds[0]).toEqual(new Date('2022-07-01'));
    await nf.dispose();
    expect(difference(table, expected)).toBeLessThan(1e-5);
  });

  test('forecasts another panel, without the rows of the fit, and goes on learning', async () => {
    const nf = await NeuralForecast.importCheckpoint(checkpoint, {
      includeData: false,
      models: ['mean'],
    });
    expect(nf.info()).toMatchObject({
      fitted: true,
      hasData: false,
      series: [],
      aliases: ['mean'],
    });
    await expect(nf.predict()).rejects.toThrow(/pass the panel/);
    const panel = await withoutFeatures();
    const [first] = (await nf.predict(panel)).column('mean');
    expect(first! / forecastOf(expected).get('mean')![0]! - 1).toBeCloseTo(0, 5);
    const { models } = await nf.fit(panel);
    expect(models[0]).toMatchObject({ alias: 'mean', steps: 5 });
    await nf.dispose();
  });

  test('reads columns beside the target: numbers, categories, values per series', async () => {
    const nf = await NeuralForecast.importCheckpoint(of(version, 'exogenous', 'checkpoint'));
    expect(nf.info().models[0]!.options).toMatchObject({
      futrExog: ['season', 'wave'],
      histExog: ['lagged'],
      statExog: ['height'],
      catExog: ['season'],
      catCardinalities: { season: 4 },
    });
    const forecast = of(version, 'exogenous', 'predict.csv');
    const future = records('future.csv');
    expect(difference(await nf.predict(null, { future }), forecast)).toBeLessThan(1e-5);
    const others = { future, statics: records('static.csv') };
    expect(difference(await nf.predict(records('panel.csv'), others), forecast)).toBeLessThan(1e-5);
    await nf.dispose();
  });

  test('can be saved and loaded as any other', async () => {
    const nf = await NeuralForecast.importCheckpoint(checkpoint, { compat: false });
    const file = path.join(folder, `imported-${version}.safetensors`);
    await nf.save(file);
    const again = await NeuralForecast.load(file);
    expect(again.info()).toMatchObject({ compat: false, series: ['north', 'south'] });
    expect((await again.predict()).toRecords()).toEqual((await nf.predict()).toRecords());
    await nf.dispose();
    await again.dispose();
  });
});

describe.each(VERSIONS)('conformal scores of NeuralForecast %s', (version) => {
  const checkpoint = of(version, 'conformal', 'checkpoint');
  const METHODS = { distribution: 'predict.csv', error: 'predict-error.csv' } as const;

  /** The checkpoint with another method in its settings. */
  function withMethod(method: keyof typeof METHODS): string {
    const rename = (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      // A pickle says before a text how long it is.
      const [from, to] = ['conformal_distribution', `conformal_${method}`];
      const short = (name: string) => String.fromCharCode(0x8c, name.length) + name;
      const changed = text.replace(`"${from}"`, `"${to}"`).replace(short(from), short(to));
      return Buffer.from(changed, 'latin1');
    };
    const file = version === '3.2' ? 'configuration.pkl' : 'configuration.json';
    return changed(version, file, rename, 'conformal');
  }

  test.each(['distribution', 'error'] as const)('give its intervals: %s', async (method) => {
    const nf = await NeuralForecast.importCheckpoint(withMethod(method));
    expect(nf.info().intervals).toEqual({
      method,
      windows: 3,
      stepSize: 2,
      levels: [],
      pooled: false,
    });
    const expected = of(version, 'conformal', METHODS[method]);
    const table = await nf.predict(null, { levels: 80 });
    expect(table.modelColumns).toEqual([
      ...['NLinear', 'NLinear-lo-80', 'NLinear-hi-80'],
      ...['quantiles-median', 'quantiles-lo-80', 'quantiles-hi-80'],
    ]);
    expect(difference(table, expected)).toBeLessThan(1e-5);
    // Also out of a file of ours, and of a copy that NeuralForecast could read.
    const file = path.join(folder, `conformal-${version}-${method}.safetensors`);
    await nf.save(file);
    const loaded = await NeuralForecast.load(file);
    expect(difference(await loaded.predict(null, { levels: 80 }), expected)).toBeLessThan(1e-5);
    const where = path.join(folder, `conformal-${version}-${method}`);
    await loaded.exportCheckpoint(where);
    const again = await NeuralForecast.importCheckpoint(where);
    expect(difference(await again.predict(null, { levels: 80 }), expected)).toBeLessThan(1e-5);
    for (const one of [nf, loaded, again]) await one.dispose();
  });

  test('are known by the names of series without the rows of the fit', async () => {
    const nf = await NeuralForecast.importCheckpoint(checkpoint, { includeData: false });
    const panel = await withoutFeatures();
    const expected = of(version, 'conformal', 'predict.csv');
    expect(difference(await nf.predict(panel, { levels: 80 }), expected)).toBeLessThan(1e-5);
    const file = path.join(folder, `nobody-${version}.safetensors`);
    await nf.save(file);
    const loaded = await NeuralForecast.load(file);
    expect(difference(await loaded.predict(panel, { levels: 80 }), expected)).toBeLessThan(1e-5);
    const other = { ...panel, unique_id: [...panel.unique_id].map((id) => `${id}ern`) };
    await expect(nf.predict(other, { levels: 80 })).rejects.toMatchObject({ number: 'E0011' });
    await nf.dispose();
    await loaded.dispose();
  });

  test('are radii in the scale of the data, and as many as it takes, without compat', async () => {
    const nf = await NeuralForecast.importCheckpoint(checkpoint, { compat: false });
    expect(nf.info().intervals).toMatchObject({ method: 'error', windows: 3 });
    await expect(nf.predict(null, { levels: 80 })).rejects.toThrow(/3 errors per series and step/);
    const table = await nf.predict(null, { levels: 75 });
    const [point, low, high] = ['', '-lo-75.0', '-hi-75.0'].map((suffix) =>
      table.column(`NLinear${suffix.replace('.0', '')}`),
    );
    point!.forEach((value, i) => {
      expect(high![i]! - value).toBeCloseTo(value - low![i]!, 9);
      expect(high![i]! - value).toBeLessThan(40);
    });
    // Streams learn from errors with signs, which a checkpoint lacks.
    const intervals = nf.adaptiveIntervals('NLinear');
    const [first] = intervals.forecast('north', [1, 2, 3]);
    expect([...first!.lo]).toEqual([...first!.hi]);
    await nf.dispose();
  });
});

test.each(VERSIONS)('scaled static columns of NeuralForecast %s', async (version) => {
  const checkpoint = of(version, 'scaled-statics', 'checkpoint');
  const own = of(version, 'scaled-statics', 'predict.csv');
  const others = of(version, 'scaled-statics', 'predict-others.csv');
  const nf = await NeuralForecast.importCheckpoint(checkpoint);
  expect(nf.info().localStaticScaler).toBe('standard');
  expect(difference(await nf.predict(), own)).toBeLessThan(1e-5);
  const panel = await withoutFeatures();
  const named = { ...panel, unique_id: [...panel.unique_id].map((id) => `${id}ern`) };
  const heights = (north: number, south: number) => ({
    unique_id: ['northern', 'southern'],
    height: [north, south],
  });
  // There another panel has a scale of its own.
  const statics = heights(2, 7);
  expect(difference(await nf.predict(named, { statics }), others)).toBeLessThan(1e-5);
  const kept = { statics: heights(1, 2.5), refitSeriesScaler: false };
  expect(difference(await nf.predict(named, kept), own)).toBeLessThan(1e-5);
  // Without compat, and out of a file or a folder without rows, it is that of the fit.
  const file = path.join(folder, `statics-${version}.safetensors`);
  const where = path.join(folder, `statics-${version}`);
  await nf.save(file, { includeData: false });
  const loaded = await NeuralForecast.load(file);
  expect(difference(await loaded.predict(named, kept), own)).toBeLessThan(1e-5);
  await nf.exportCheckpoint(where);
  const again = await NeuralForecast.importCheckpoint(where, { compat: false });
  expect(difference(await again.predict(), own)).toBeLessThan(1e-5);
  const plain = await NeuralForecast.importCheckpoint(checkpoint, {
    compat: false,
    includeData: false,
  });
  const options = { statics: heights(1, 2.5) };
  expect(difference(await plain.predict(named, options), own)).toBeLessThan(1e-5);
  for (const one of [nf, loaded, again, plain]) await one.dispose();
});

test('what is no checkpoint is refused with the file and the reason', async () => {
  const cases: [string, RegExp][] = [
    [path.join(folder, 'nowhere'), /nowhere", expected a folder that can be read/],
    [os.devNull, /expected a folder that can be read/],
    [fs.mkdtempSync(path.join(folder, 'empty-')), /configuration.pkl: is not there/],
    [
      changed('3.3', 'configuration.json', () => Buffer.from('{')),
      /configuration.json: it is no valid JSON/,
    ],
    [
      changed('3.3', 'mean_0.safetensors', (b) => b.subarray(0, -4)),
      /mean_0.safetensors: .* truncated or damaged/,
    ],
    [
      changed('3.3', 'mean_0.safetensors', (b) =>
        Buffer.from(b.toString('latin1').replace('"MLP"', '"KAN"'), 'latin1'),
      ),
      /mean_0.safetensors: holds the model "KAN", which this version does not have/,
    ],
    [
      changed('3.3', 'mean_0.safetensors', (b) =>
        Buffer.from(b.toString('latin1').replace('hidden_size', 'hidden_sick'), 'latin1'),
      ),
      /MLP with the option "hidden_sick", which this version does not have/,
    ],
    [
      changed('3.3', 'mean_0.safetensors', (b) =>
        Buffer.from(b.toString('latin1').replace('mlp.0.bias', 'mlp.9.bias'), 'latin1'),
      ),
      /^\[importCheckpoint\] mean_0.safetensors does not fit mean: missing mlp.0.bias/,
    ],
    [changed('3.2', 'mean_0.ckpt', (b) => b.subarray(0, -40)), /mean_0.ckpt: is no ZIP archive/],
    ...(
      [
        ['"n_windows": 3', '"n_windows": 4', /scores that do not fit their series, windows and/],
        ['"n_windows": 3', '"n_windows": 1e9', /whose windows or steps are no counts/],
        ['"conformal_distribution"', '"jackknife"', /intervals of the unknown method "jackknife"/],
        ['"north", "north"', '"north", "south"', /scores that do not fit their series/],
        ['["unique_id", {', '["id", {', /names no series/],
      ] as [string, string, RegExp][]
    ).map(([from, to, message]): [string, RegExp] => [
      changed(
        '3.3',
        'configuration.json',
        (b) => Buffer.from(b.toString('utf8').replace(from, to)),
        'conformal',
      ),
      message,
    ]),
  ];
  for (const [where, message] of cases) {
    await expect(NeuralForecast.importCheckpoint(where)).rejects.toMatchObject({
      code: 'ERR_ND_FILE',
      message: expect.stringMatching(message),
    });
  }
});

test('wrong options are refused', async () => {
  const checkpoint = of('3.3', 'target-only', 'checkpoint');
  const call = (options: object) => NeuralForecast.importCheckpoint(checkpoint, options);
  await expect(call({ models: ['maen'] })).rejects.toThrow(/did you mean "mean"/);
  await expect(call({ models: 'mean' })).rejects.toThrow(/an array of names/);
  await expect(call({ compat: 'python' })).rejects.toThrow(/compat = "python"/);
  await expect(call({ data: false })).rejects.toThrow(/unknown option "data"/);
  await expect(call({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
});

test('a hostile pickle is refused and nothing of it is executed', async () => {
  const trace = path.join(folder, 'executed');
  const hostile = (module: string, name: string) =>
    Buffer.from(
      `\x80\x02c${module}\n${name}\nX${String.fromCharCode(trace.length + 6)}\0\0\0touch ${trace}\x85R.`,
      'latin1',
    );
  for (const [module, name] of [
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['subprocess', 'Popen'],
    ['__main__', 'run'],
  ]) {
    const where = changed('3.2', 'configuration.pkl', () => hostile(module!, name!));
    await expect(NeuralForecast.importCheckpoint(where)).rejects.toMatchObject({
      code: 'ERR_ND_FILE',
      message: `[importCheckpoint] configuration.pkl: names "${module}.${name}", which no checkpoint needs; nothing was executed`,
    });
  }
  expect(fs.existsSync(trace)).toBe(false);
});
