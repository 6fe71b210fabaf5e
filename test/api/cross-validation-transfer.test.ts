import path from 'node:path';
import { NeuralForecast } from '../../lib/index';
import type { CrossValidationOptions } from '../../types/index';
import { monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const file = (name: string) => path.join(folder, name);
const panel = monthly(60);
const make = (options = {}) =>
  new NeuralForecast({ ...sizes, models: [tiny({ randomSeed: 9, ...options })] });
const forecasts = async (nf: NeuralForecast, options: CrossValidationOptions) => [
  ...(await nf.crossValidation(panel, { windows: 3, refit: true, ...options })).column('MLP'),
];

let pretrained: NeuralForecast;
beforeAll(async () => {
  pretrained = new NeuralForecast({ ...sizes, models: [tiny({ maxSteps: 30 })] });
  await pretrained.fit(monthly(80, 2));
  await pretrained.save(file('pretrained'));
});

test('every window begins from the weights of a file or an object', async () => {
  const expected = await forecasts(make(), { initialWeights: pretrained });
  for (const initialWeights of [file('pretrained'), { from: pretrained, weights: '*' }]) {
    expect(await forecasts(make(), { initialWeights })).toEqual(expected);
  }
  expect(await forecasts(make(), {})).not.toEqual(expected);
  for (const window of [0, 1, 2]) {
    const rows = 60 - 6 + window;
    const known = { ds: panel.ds.slice(0, rows), y: panel.y.slice(0, rows) };
    const nf = make();
    await nf.fit(known, { initialWeights: pretrained });
    expect(expected.slice(4 * window, 4 * window + 4)).toEqual([
      ...(await nf.predict()).column('MLP'),
    ]);
  }
});

test('what is frozen stays, in windows and folds, with purge and intervals', async () => {
  const call = { initialWeights: pretrained, freeze: '*' } as const;
  const long = () => make({ maxSteps: 25 });
  for (const options of [
    {},
    { purge: 3 },
    { fromScratch: false },
    { folds: 3, foldsOver: 'time', windows: undefined, refit: undefined, embargo: 1 },
    { intervals: { windows: 9 }, levels: 80 },
  ] as CrossValidationOptions[]) {
    expect(await forecasts(make(), { ...options, ...call })).toEqual(
      await forecasts(long(), { ...options, ...call }),
    );
  }
  expect(await forecasts(make(), { ...call, freeze: 'mlp.*' })).not.toEqual(
    await forecasts(long(), { ...call, freeze: 'mlp.*' }),
  );
});

test('a checkpoint belongs to its weights', async () => {
  const checkpoint = file('parts');
  const expected = await forecasts(make(), { initialWeights: pretrained, checkpoint });
  let trained = 0;
  const onProgress = () => {
    trained += 1;
  };
  const again = { initialWeights: file('pretrained'), checkpoint, onProgress };
  expect(await forecasts(make(), again)).toEqual(expected);
  expect(trained).toBe(0);
  for (const other of [{}, { initialWeights: pretrained, freeze: 'out.*' }]) {
    await expect(forecasts(make(), { ...other, checkpoint })).rejects.toMatchObject({
      code: 'ERR_ND_CONFIG',
      message: expect.stringContaining('other options, models or data'),
    });
  }
});

test.each([
  [{ initialWeights: 5 }, '[crossValidation] received initialWeights = 5, expected the path of'],
  [{ initialWeights: new Map() }, 'initialWeights = a Map, expected the path'],
  [{ freeze: 'mpl.0.weight' }, '[crossValidation] received freeze = "mpl.0.weight", which matches'],
  [{ useFitted: true, freeze: '*' }, 'expected none, because useFitted: true trains nothing'],
  [{ useFitted: true, initialWeights: 'x' }, 'expected none, because useFitted'],
])('refuses %j', async (options, message) => {
  const nf = make();
  await expect(nf.crossValidation(panel, options as CrossValidationOptions)).rejects.toMatchObject({
    code: 'ERR_ND_CONFIG',
    message: expect.stringContaining(message),
  });
});

test('a source that is not fitted is refused', async () => {
  await expect(forecasts(make(), { initialWeights: make() })).rejects.toMatchObject({
    code: 'ERR_ND_NOT_FITTED',
  });
});
