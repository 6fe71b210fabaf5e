import { mlp, NeuralForecast, nhits } from '../../lib/index';
import type { FitProgress, TableInput } from '../../types/index';
import { endless, forecastOf, linear, monthly, sizes, tiny } from './support';

const panel = monthly(60);
const make = (models = [tiny()], options = {}) =>
  new NeuralForecast({ ...sizes, models, ...options });
const names = ['findLearningRate', 'checkOneBatch', 'findBatchSize'] as const;

test('findLearningRate suggests a rate that learns', async () => {
  const model = (options = {}) => tiny({ hiddenSize: 64, maxSteps: 60, ...options });
  const nf = make([model()]);
  const events: FitProgress[] = [];
  const curve = await nf.findLearningRate(panel, {
    from: 1e-6,
    steps: 60,
    onProgress: (event) => events.push(event),
  });
  expect(curve.model).toBe('MLP');
  expect(curve.rates[0]).toBe(1e-6);
  expect(curve.rates.length).toBeLessThanOrEqual(60);
  expect(curve.losses).toHaveLength(curve.rates.length);
  expect(curve.smoothed).toHaveLength(curve.rates.length);
  expect(curve.rates).toContain(curve.suggestion);
  expect(events.at(-1)).toMatchObject({ model: 'MLP', maxSteps: 60 });
  expect(nf.fitted).toBe(false);

  const lossWith = async (learningRate: number) => {
    const [fit] = (await make([model({ learningRate })]).fit(panel)).models;
    return fit?.trainLoss ?? Number.NaN;
  };
  const suggestion = curve.suggestion ?? Number.NaN;
  expect(await lossWith(suggestion)).toBeLessThan(0.5 * (await lossWith(suggestion / 1000)));
});

test('checkOneBatch tells a network that learns from one that cannot', async () => {
  const nf = make([
    tiny({ hiddenSize: 64, learningRate: 0.003 }),
    nhits({ alias: 'frozen', mlpUnits: [[8, 8]], learningRate: 1e-9 }),
  ]);
  const passed = await nf.checkOneBatch(panel, { model: 'MLP', windows: 4 });
  expect(passed).toMatchObject({ model: 'MLP', passed: true });
  expect(passed.initialLoss).toBe(passed.losses[0]);
  expect(passed.finalLoss).toBe(passed.losses.at(-1));
  expect(passed.finalLoss).toBeLessThan(0.01);
  expect(passed.losses).toHaveLength(passed.steps + 1);

  const failed = await nf.checkOneBatch(panel, { model: 'frozen', steps: 20 });
  expect(failed).toMatchObject({ model: 'frozen', passed: false, steps: 20 });
  expect(failed.finalLoss).toBeCloseTo(failed.initialLoss ?? Number.NaN, 3);
});

test('findBatchSize measures the sizes that double', async () => {
  const found = await make([linear()]).findBatchSize(panel, { to: 64, steps: 3 });
  expect(found.measurements.map(({ size }) => size)).toEqual([16, 32, 64]);
  expect(found.measurements.map(({ size }) => size)).toContain(found.suggestion);
  expect(found.outOfMemory).toBeNull();
  for (const { size, windowsPerSecond, msPerStep, memoryBytes } of found.measurements) {
    expect(windowsPerSecond * msPerStep).toBeCloseTo(1000 * size, 3);
    expect(memoryBytes).toBeGreaterThan(0);
  }
});

test.each(names)('%s leaves the object as it is', async (name) => {
  const untouched = make();
  await untouched.fit(panel);
  const nf = make();
  await nf.fit(panel);
  const before = nf.info();
  await nf[name](monthly(48), { steps: 10 });
  expect(nf.info()).toEqual(before);
  expect(await forecastOf(nf)).toEqual(await forecastOf(untouched));
});

test.each(names)('%s can be aborted', async (name) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const call = make([endless()])[name](panel, {
    steps: 1_000_000,
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await expect(call).rejects.toBe(reason);
});

test.each(names)('%s refuses what a fit refuses', async (name) => {
  await expect(make()[name]({ ds: [1, 2, 3], y: [1, 2, 3] })).rejects.toMatchObject({
    code: 'ERR_ND_EMPTY',
  });
  await expect(make()[name](undefined as unknown as TableInput)).rejects.toMatchObject({
    code: 'ERR_ND_DATA',
  });
  const two = make([tiny(), linear()]);
  await expect(two[name](panel)).rejects.toMatchObject({ code: 'ERR_ND_CONFIG' });
  await expect(two[name](panel, { model: 'NLinea' })).rejects.toThrow(/did you mean "NLinear"/);
  await expect(
    make([mlp({ numLayers: 200, hiddenSize: 1_048_576 })])[name](panel),
  ).rejects.toMatchObject({ code: 'ERR_ND_MEMORY' });
});

test('checkOneBatch refuses targets that are all the same', async () => {
  const flat = { ...panel, y: panel.y.map(() => 7) };
  await expect(make([tiny({ scalerType: 'identity' })]).checkOneBatch(flat)).rejects.toMatchObject({
    code: 'ERR_ND_DATA',
    message: expect.stringContaining('all targets are the same'),
  });
});

test.each([
  ['findLearningRate', { from: 0 }, /from = 0, expected a number above 0/],
  ['findLearningRate', { from: 0.1, to: 0.01 }, /to = 0.01, expected a rate above from = 0.1/],
  ['findLearningRate', { from: 2 }, /to = 1, expected a rate above from = 2/],
  ['findLearningRate', { steps: 9 }, /steps = 9, expected an integer in \[10, 1000000\]/],
  ['findLearningRate', { stpes: 9 }, /did you mean "steps"/],
  ['checkOneBatch', { tolerance: 0 }, /tolerance = 0/],
  ['checkOneBatch', { windows: 0 }, /windows = 0/],
  ['checkOneBatch', { steps: 0.5 }, /steps = 0.5/],
  ['findBatchSize', { from: 32, to: 16 }, /to = 16, expected an integer in \[32, 1000000000\]/],
  ['findBatchSize', { from: 0 }, /from = 0/],
  ['findBatchSize', { threads: 0 }, /threads = 0/],
  ['findBatchSize', { signal: 1 }, /signal = 1/],
] as const)('%s refuses %j', async (name, options, message) => {
  await expect(make()[name](panel, options as object)).rejects.toThrow(message);
});
