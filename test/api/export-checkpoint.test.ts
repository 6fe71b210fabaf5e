import fs from 'node:fs';
import path from 'node:path';
import { pandasFrequency } from '../../lib/checkpoint/export-data';
import { lossJson } from '../../lib/checkpoint/import-loss';
import { Float, pythonJson } from '../../lib/checkpoint/python-json';
import { readSafetensors } from '../../lib/checkpoint/safetensors';
import { LossValue, type Value } from '../../lib/checkpoint/values';
import { mqLoss, NeuralForecast, nbeats, registry, tsmixer } from '../../lib/index';
import { linear, monthly, sizes, temporaryFolder, tiny } from './support';

// That NeuralForecast itself loads them and forecasts the same is shown by `npm run parity -- --export`.
const folder = temporaryFolder();
const fixtures = path.join(__dirname, '..', 'fixtures', 'checkpoints');
const units = { mlpUnits: [[4, 4]], maxSteps: 3, windowsBatchSize: 8 };
const panel = (({ ds, y }) => ({ unique_id: y.map((_, i) => (i < 30 ? 'b' : 'a')), ds, y }))(
  monthly(60),
);

async function fitted(options: object = {}) {
  const nf = new NeuralForecast({
    ...sizes,
    localScaler: 'standard',
    models: [
      nbeats({
        ...units,
        stackTypes: ['identity'],
        nBlocks: [2],
        sharedWeights: true,
        activation: 'PReLU',
      }),
      tiny({ alias: 'small', loss: mqLoss({ levels: [80] }), scalerType: 'revin' }),
      tsmixer({ nSeries: 2, ffDim: 4, maxSteps: 3, windowsBatchSize: 8 }),
    ],
    ...options,
  });
  await nf.fit(panel);
  return nf;
}

const contentOf = (where: string) =>
  Object.fromEntries(
    fs
      .readdirSync(where)
      .sort()
      .map((name) => [name, fs.readFileSync(path.join(where, name))]),
  );

test('what was exported can be imported and forecasts the same', async () => {
  const nf = await fitted();
  const where = path.join(folder, 'round');
  await nf.exportCheckpoint(where);
  const again = await NeuralForecast.importCheckpoint(where, { compat: false });
  expect(again.info()).toMatchObject({
    series: ['b', 'a'],
    frequency: 'MS',
    localScaler: 'standard',
  });
  const before = await nf.predict();
  const after = await again.predict();
  expect(after.modelColumns).toHaveLength(before.modelColumns.length);
  expect([...after.ds]).toEqual([...before.ds]);
  for (const name of before.modelColumns) {
    const values = [...before.column(name)];
    for (const [i, value] of after.column(name).entries())
      expect(value / values[i]!).toBeCloseTo(1, 5);
  }
  await nf.dispose();
  await again.dispose();
});

test('rows without a target go out and come back', async () => {
  const y = [...panel.y].map((value, row) => (row % 30 === 27 || row === 3 ? Number.NaN : value));
  const models = [tiny({ scalerType: 'standard' })];
  const nf = new NeuralForecast({ ...sizes, missing: 'mask', localScaler: 'standard', models });
  await nf.fit({ ...panel, y });
  const where = path.join(folder, 'holes');
  await nf.exportCheckpoint(where);
  const again = await NeuralForecast.importCheckpoint(where, { compat: false });
  expect(again.info().missing).toBe('mask');
  const before = [...(await nf.predict()).column('MLP')];
  for (const [i, value] of (await again.predict()).column('MLP').entries())
    expect(value / before[i]!).toBeCloseTo(1, 5);
  expect(before).not.toEqual([...(await nf.predict(panel)).column('MLP')]);
  await nf.dispose();
  await again.dispose();
});

test('the same object gives the same bytes; tensors and their other names are those of the reference', async () => {
  const nf = await fitted();
  const [first, second] = [path.join(folder, 'first'), path.join(folder, 'second')];
  await nf.exportCheckpoint(first);
  const copy = nf.clone();
  await copy.exportCheckpoint(second);
  expect(contentOf(second)).toEqual(contentOf(first));
  expect(Object.keys(contentOf(first))).toEqual([
    'NBEATS_0.safetensors',
    'TSMixer_0.safetensors',
    'configuration.json',
    'configuration.safetensors',
    'dataset.json',
    'dataset.safetensors',
    'small_0.safetensors',
  ]);
  const read = (name: string) => readSafetensors(contentOf(first)[name]!, name);
  expect(JSON.parse(read('NBEATS_0.safetensors').metadata.get('shared')!)).toHaveProperty(
    ['blocks.0.layers.0.weight'],
    ['blocks.1.layers.0.weight'],
  );
  const small = read('small_0.safetensors');
  expect(JSON.parse(small.metadata.get('shared')!)).toEqual({
    'loss.quantiles': ['valid_loss.quantiles'],
  });
  const quantiles = small.tensors.get('loss.quantiles')!.numbers('');
  expect(quantiles.map((q) => Number(q.toFixed(6)))).toEqual([0.5, 0.1, 0.9]);
  expect(small.tensors.get('scaler.revin_weight')!.numbers('')).toEqual([1]);
  const batches = [...read('TSMixer_0.safetensors').tensors].filter(([name]) =>
    name.endsWith('.num_batches_tracked'),
  );
  expect(batches).toHaveLength(4);
  const hyper = small.metadata.get('hyper_parameters')!;
  expect(JSON.parse(hyper)).toMatchObject({
    h: 4,
    input_size: 8,
    hidden_size: 8,
    alias: 'small',
    optimizer: { name: 'Adam' },
  });
  expect(hyper).toMatch(/"training_data_availability_threshold": 0\.0,/);
  await nf.dispose();
  await copy.dispose();
});

test('without data there is no data set; a folder with something in it is kept', async () => {
  const nf = await fitted();
  const where = path.join(folder, 'kept');
  await nf.exportCheckpoint(where, { includeData: false });
  expect(fs.readdirSync(where)).not.toContain('dataset.json');
  await expect(nf.exportCheckpoint(where)).rejects.toMatchObject({
    code: 'ERR_ND_FILE',
    message: `[exportCheckpoint] ${where}: is not empty; set overwrite: true to replace it`,
  });
  await nf.exportCheckpoint(where, { overwrite: true });
  expect(fs.readdirSync(where)).toContain('dataset.json');
  // Nothing that was on its way is left beside it.
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept']);
  await nf.dispose();
  const fresh = new NeuralForecast({ ...sizes, models: [tiny()] });
  await expect(fresh.exportCheckpoint(where)).rejects.toMatchObject({ code: 'ERR_ND_NOT_FITTED' });
});

test('columns beside the target survive: a checkpoint of NeuralForecast, imported, exported and imported again', async () => {
  const rows = fs
    .readFileSync(path.join(fixtures, 'future.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(([unique_id, ds, wave, season]) => ({ unique_id, ds, wave: Number(wave), season }));
  const first = await NeuralForecast.importCheckpoint(
    path.join(fixtures, '3.3', 'exogenous', 'checkpoint'),
  );
  const where = path.join(folder, 'exogenous');
  await first.exportCheckpoint(where);
  const second = await NeuralForecast.importCheckpoint(where);
  const expected = await first.predict(null, { future: rows as never });
  const received = await second.predict(null, { future: rows as never });
  for (const [i, value] of received.column('NHITS').entries()) {
    expect(value / expected.column('NHITS')[i]!).toBeCloseTo(1, 5);
  }
  await first.dispose();
  await second.dispose();
});

test('scores of intervals go out in the order of their series, intervals that have no counterpart are refused', async () => {
  const where = path.join(folder, 'intervals');
  const calibrated = async (intervals: object, options: object = {}, table: object = panel) => {
    const nf = new NeuralForecast({ ...sizes, models: [linear(options)] });
    await nf.fit(table as never, { intervals });
    return nf;
  };
  const nf = await calibrated({ windows: 3, method: 'distribution', stepSize: 2 });
  const scores = async (options: object) => {
    await nf.exportCheckpoint(where, { overwrite: true, ...options });
    const content = contentOf(where);
    const { configuration } = JSON.parse(content['configuration.json']!.toString());
    return {
      settings: configuration.prediction_intervals,
      ids: configuration._cs_df?.columns[0][1].data.values as string[] | undefined,
      values: content['configuration.safetensors']
        ? readSafetensors(content['configuration.safetensors'], 'x')
            .tensors.get('__hparams__._cs_df.NLinear.values')
            ?.numbers('x')
        : undefined,
    };
  };
  const block = Array.from({ length: 12 }, (_, i) => i);
  const own = await scores({});
  expect(own.settings).toEqual({
    __nf__: 'prediction_intervals',
    n_windows: 3,
    method: 'conformal_distribution',
    step_size: 2,
  });
  expect(own.ids).toEqual([...block.map(() => 'b'), ...block.map(() => 'a')]);
  expect(own.values!.every((score) => score >= 0)).toBe(true);
  // A panel that it is given is sorted there.
  const sorted = await scores({ includeData: false });
  expect(sorted.ids).toEqual([...own.ids!.slice(12), ...own.ids!.slice(0, 12)]);
  expect(sorted.values).toEqual([...own.values!.slice(12), ...own.values!.slice(0, 12)]);
  const none = { settings: null, ids: undefined, values: undefined };
  expect(await scores({ includeData: false, includeIntervals: false })).toMatchObject(none);

  const short = {
    unique_id: [...panel.unique_id.slice(0, 30), 'a', 'a'],
    ds: panel.ds.slice(0, 32),
  };
  const refused: [object, object, object, RegExp][] = [
    [
      { method: 'adaptive', windows: 3 },
      {},
      panel,
      /of the method "adaptive", expected "error" or "distr/,
    ],
    [{ pooled: true, windows: 9 }, {}, panel, /pooled intervals, expected those of each series/],
    [{ windows: 1 }, {}, panel, /intervals of 1 window, expected at least 2/],
    [{ windows: 9 }, { loss: mqLoss({ levels: [80] }) }, panel, /around the quantiles of NLinear/],
    [
      { windows: 3 },
      {},
      { ...short, y: panel.y.slice(0, 32) },
      /no errors of the series "a", expected intervals of every series/,
    ],
  ];
  for (const [intervals, options, table, message] of refused) {
    const other = await calibrated(intervals, options, table);
    await expect(other.exportCheckpoint(where, { overwrite: true })).rejects.toMatchObject({
      number: 'E0010',
      message: expect.stringMatching(message),
    });
    await other.exportCheckpoint(where, { overwrite: true, includeIntervals: false });
    await other.dispose();
  }
  const y = panel.y.map((value, row) => (row === 27 ? Number.NaN : value));
  const holed = new NeuralForecast({ ...sizes, missing: 'mask', models: [linear()] });
  await holed.fit({ ...panel, y }, { intervals: { windows: 3 } });
  await expect(holed.exportCheckpoint(where, { overwrite: true })).rejects.toThrow(
    /errors of NLinear at rows without a target, expected those of every row/,
  );
  await holed.dispose();
  await nf.dispose();
});

test('a distribution with the number of draws that NeuralForecast writes is read', () => {
  const args = new Map<string, Value>([
    ['distribution', 'Normal'],
    ['level', [80]],
    ['num_samples', 1000],
    ['return_params', false],
  ]);
  const names = ['', '-median', '-lo-80', '-hi-80'];
  const loss = new LossValue('DistributionLoss', args, names, [0.5, 0.1, 0.9]);
  expect(lossJson(loss, registry(), 'x')).toEqual({
    type: 'DistributionLoss',
    options: { distribution: 'Normal', levels: [80], returnParams: false },
  });
});

test('steps of time in the words of pandas', () => {
  const march = Date.UTC(2020, 2, 1);
  expect(
    ['MS', '2MS', 'M', 'Q', 'QS', 'Y', 'YS-APR', 'W', '2W-MON', 'D', '15min', '3'].map((f) =>
      pandasFrequency(f, march),
    ),
  ).toEqual([
    'MS',
    '2MS',
    'ME',
    'QE-MAR',
    'QS-MAR',
    'YE-MAR',
    'YS-APR',
    '7D',
    '2W-MON',
    'D',
    '15min',
    3,
  ]);
});

test('numbers that Python is to read as floats stay floats', () => {
  expect(
    pythonJson({
      a: new Float(1),
      b: 1,
      c: [new Float(0.5), null],
      d: 'x"',
      e: true,
      f: new Float(1e-7),
    }),
  ).toBe('{"a": 1.0, "b": 1, "c": [0.5, null], "d": "x\\"", "e": true, "f": 1e-7}');
});
