import fs from 'node:fs';
import path from 'node:path';
import { NeuralForecast, nhits } from '../../lib/index';
import type { ModelDescription } from '../../types/index';
import { endless, forecastOf, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const file = (name: string) => path.join(folder, name);
const panel = monthly(60);
const model = (options = {}) => tiny({ maxSteps: 40, ...options });
const make = (models: ModelDescription[] = [model()], options = {}) =>
  new NeuralForecast({ ...sizes, models, ...options });

/** Fits and breaks off after some steps. */
async function interrupted(nf: NeuralForecast, step: number, checkpoint: string, more = {}) {
  const options = { checkpoint: { path: checkpoint, everySteps: 1 }, threads: 1, ...more };
  const onProgress = (progress: { step: number }) => {
    if (progress.step >= step) throw new Error('enough');
  };
  await nf.fit(panel, { ...options, onProgress }).catch(() => undefined);
}

test('a resumed fit is that of one that ran through', async () => {
  const models = () => [
    model(),
    nhits({
      maxSteps: 40,
      mlpUnits: [[8, 8]],
      stackTypes: ['identity'],
      nBlocks: [1],
      nPoolKernelSize: [2],
      nFreqDownsample: [2],
      dropoutProbTheta: 0.2,
    }),
  ];
  const whole = make(models());
  const expected = await whole.fit(panel);
  await interrupted(make(models()), 3, file('checkpoint'));
  const loaded = await NeuralForecast.load(file('checkpoint'));
  expect(loaded.info().models[0]?.history?.steps).toBeGreaterThan(0);
  const predictor = await loaded.predictor('MLP');
  expect(predictor.predictSync(panel.y)).toHaveLength(sizes.horizon);

  for (const resume of [file('checkpoint'), true]) {
    const nf = make(models());
    const checkpoint = { path: file('checkpoint') };
    expect((await nf.fit(panel, { checkpoint, resume })).models).toEqual(expected.models);
    expect(await forecastOf(nf)).toEqual(await forecastOf(whole));
  }
});

test('resume: true begins where there is no checkpoint', async () => {
  const whole = make();
  const expected = await whole.fit(panel);
  const checkpoint = { path: file('begins') };
  expect((await make().fit(panel, { checkpoint, resume: true })).models).toEqual(expected.models);
  expect(fs.existsSync(checkpoint.path)).toBe(true);
});

test('a fit that was stopped while it calibrated begins anew, one in training goes on', async () => {
  const call = {
    checkpoint: { path: file('calibrated'), everySteps: 1 },
    resume: true,
    intervals: { windows: 9 },
  } as const;
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20); // a calibration of minutes
  await expect(make([endless()]).fit(panel, { ...call, signal: stop.signal })).rejects.toThrow();
  expect(fs.existsSync(call.checkpoint.path)).toBe(false);

  const whole = make();
  const expected = await whole.fit(panel, { intervals: call.intervals });
  const bounds = async (nf: NeuralForecast) => (await nf.predict(null, { levels: 80 })).toCsv();
  await interrupted(make(), 3, call.checkpoint.path, { intervals: call.intervals });
  const nf = make();
  expect((await nf.fit(panel, call)).models).toEqual(expected.models);
  expect(await bounds(nf)).toBe(await bounds(whole));
  await expect(make().fit(panel, { ...call, intervals: { windows: 8 } })).rejects.toThrow(
    /other intervals/,
  );
});

test('a checkpoint of another fit is refused', async () => {
  await interrupted(make(), 3, file('other'));
  const resume = file('other');
  await expect(make([model({ maxSteps: 41 })]).fit(panel, { resume })).rejects.toMatchObject({
    code: 'ERR_ND_CONFIG',
    message: expect.stringContaining(
      'models/0/options/maxSteps: received 41, the checkpoint has 40',
    ),
  });
  await expect(make().fit(monthly(61), { resume })).rejects.toThrow(/other data/);
  await expect(make().fit(panel, { resume: file('nowhere') })).rejects.toMatchObject({
    code: 'ERR_ND_FILE',
  });
  const nf = make();
  await nf.fit(panel);
  await nf.save(file('model'));
  await expect(make().fit(panel, { resume: file('model') })).rejects.toThrow(/no checkpoint/);
});

test('a time budget ends a fit; a later call goes on', async () => {
  const long = () => make([model({ maxSteps: 1_000_000 })]);
  const checkpoint = { path: file('budget'), everySteps: 1_000_000 };
  const call = { checkpoint, resume: true, timeBudgetMs: 50 } as const;
  const [first] = (await long().fit(panel, call)).models;
  expect(first?.outOfTime).toBe(true);
  const [second] = (await long().fit(panel, call)).models;
  expect(second?.steps).toBeGreaterThan(first?.steps ?? 0);
});

test('a further fit goes on with the optimiser, also out of a file that has it', async () => {
  const nf = make();
  await nf.fit(panel);
  await nf.save(file('without'));
  await nf.save(file('with'), { includeOptimizer: true });
  const further = async (from: NeuralForecast, keepOptimizer?: boolean) =>
    (await from.fit(panel, { ...(keepOptimizer === undefined ? {} : { keepOptimizer }) })).models[0]
      ?.trainLoss;
  const kept = await further(nf.clone());
  const fresh = await further(nf.clone(), false);
  expect(kept).not.toBe(fresh);
  expect(await further(await NeuralForecast.load(file('with')))).toBe(kept);
  expect(await further(await NeuralForecast.load(file('without')))).toBe(fresh);
});

test.each([
  [{ checkpoint: 'fit.safetensors' }, /checkpoint = "fit.safetensors", expected an object/],
  [{ checkpoint: { path: '' } }, /path = ""/],
  [{ checkpoint: { path: 'x', everySteps: 0 } }, /everySteps = 0/],
  [{ checkpoint: { path: 'x', everyStep: 5 } }, /did you mean "everySteps"/],
  [{ resume: true }, /resume = true, expected the option checkpoint/],
  [{ resume: 1 }, /resume = 1/],
  [{ timeBudgetMs: 0 }, /timeBudgetMs = 0/],
  [{ keepOptimizer: 'yes' }, /keepOptimizer = "yes"/],
])('refuses %j', async (options, message) => {
  await expect(make().fit(panel, options as object)).rejects.toThrow(message);
});
