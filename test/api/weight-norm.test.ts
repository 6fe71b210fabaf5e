import fs from 'node:fs';
import path from 'node:path';
import { autoformer, lstm, NeuralForecast, nhits } from '../../lib/index';
import type { ModelDescription } from '../../types/index';
import { forecastOf, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const file = (name: string) => path.join(folder, name);
const panel = monthly(60);
const normed = (options = {}) => tiny({ weightNorm: true, maxSteps: 20, ...options });
const make = (models: ModelDescription[] = [normed()]) => new NeuralForecast({ ...sizes, models });

/** Fits and breaks off after some steps. */
async function interrupted(nf: NeuralForecast, step: number, checkpoint: string) {
  const onProgress = (progress: { step: number }) => {
    if (progress.step >= step) throw new Error('enough');
  };
  const options = { checkpoint: { path: checkpoint, everySteps: 1 }, threads: 1, onProgress };
  await nf.fit(panel, { ...options, valSize: 8 }).catch(() => undefined);
}

const models = (weightNorm = true) => [
  tiny({
    weightNorm,
    maxSteps: 20,
    earlyStopPatienceSteps: 2,
    valCheckSteps: 4,
    gradientClipNorm: 0.5,
    accumulateSteps: 2,
    precision: 'bf16',
  }),
  nhits({
    weightNorm,
    maxSteps: 12,
    mlpUnits: [[8, 8]],
    stackTypes: ['identity'],
    nBlocks: [1],
    nPoolKernelSize: [2],
    nFreqDownsample: [2],
    optimizer: 'adamw',
  }),
  lstm({ weightNorm, maxSteps: 6, encoderHiddenSize: 4, decoderHiddenSize: 4 }),
  autoformer({ weightNorm, maxSteps: 4, hiddenSize: 8, nHead: 2, convHiddenSize: 4 }),
];

test('weights that are learned as length and direction give another fit, a deterministic one', async () => {
  const of = async (described: ModelDescription[], threads: number) => {
    const nf = make(described);
    await nf.fit(panel, { valSize: 8, threads });
    return forecastOf(nf);
  };
  const expected = await of(models(), 1);
  expect(await of(models(), 3)).toEqual(expected);
  const plain = await of(models(false), 1);
  for (const [name, values] of Object.entries(expected)) expect(plain[name]).not.toEqual(values);
});

test('a resumed fit is that of one that ran through', async () => {
  const whole = make(models());
  const expected = await whole.fit(panel, { valSize: 8 });
  for (const step of [1, 3, 9]) {
    await interrupted(make(models()), step, file('checkpoint'));
    const nf = make(models());
    const resumed = await nf.fit(panel, { valSize: 8, resume: file('checkpoint') });
    expect(resumed.models).toEqual(expected.models);
    expect(await forecastOf(nf)).toEqual(await forecastOf(whole));
  }
});

test('a second fit goes on with lengths and directions, from a file as well', async () => {
  const nf = make();
  await nf.fit(panel);
  await nf.save(file('with'), { includeOptimizer: true });
  await nf.save(file('without'));
  const [whole, plain] = await Promise.all([
    NeuralForecast.load(file('with')),
    NeuralForecast.load(file('without')),
  ]);
  await Promise.all([nf.fit(panel), whole.fit(panel), plain.fit(panel)]);
  expect(await forecastOf(whole)).toEqual(await forecastOf(nf));
  expect(await forecastOf(plain)).not.toEqual(await forecastOf(nf));
});

test('a saved model is one of plain weights', async () => {
  const nf = make();
  await nf.fit(panel);
  const expected = await forecastOf(nf);
  await nf.save(file('model'));
  const target = make([tiny({ maxSteps: 0 })]);
  await target.fit(panel, { initialWeights: file('model') });
  expect(await forecastOf(target)).toEqual(expected);
  expect(fs.readFileSync(file('model')).includes('weight_g')).toBe(false);
});

test('an exported checkpoint holds the weights of the fit and can be imported', async () => {
  const nf = make();
  await nf.fit(panel);
  await nf.exportCheckpoint(file('exported'));
  const again = await NeuralForecast.importCheckpoint(file('exported'), { compat: false });
  const [before, after] = [await forecastOf(nf), await forecastOf(again)];
  for (const [name, values] of Object.entries(before))
    for (const [i, value] of values.entries()) expect(after[name]?.[i]).toBeCloseTo(value, 3);
});

test('frozen weights stay, and the tools for training know the option', async () => {
  const nf = make();
  await nf.fit(panel);
  const expected = await forecastOf(nf);
  await nf.fit(panel, { freeze: '*.weight' });
  expect(await forecastOf(nf)).not.toEqual(expected);
  const still = make([normed({ maxSteps: 3 })]);
  await still.fit(panel, { initialWeights: nf, freeze: '*' });
  expect(await forecastOf(still)).toEqual(await forecastOf(nf));
  const curves = await Promise.all([
    make().findLearningRate(panel, { steps: 10 }),
    make([tiny()]).findLearningRate(panel, { steps: 10 }),
  ]);
  expect(curves[0].losses).not.toEqual(curves[1].losses);
});
