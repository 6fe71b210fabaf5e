import path from 'node:path';
import { distributionLoss, mqLoss, NeuralForecast, nhits } from '../../lib/index';
import type { FitOptions, ModelDescription } from '../../types/index';
import { endless, forecastOf, linear, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const panel = monthly(60);
const make = (model: ModelDescription = linear(), options = {}) =>
  new NeuralForecast({ ...sizes, models: [model], ...options });
const fitted = async (model: ModelDescription, options = {}, table: object = panel) => {
  const nf = make(model, options);
  await nf.fit(table as typeof panel);
  return nf;
};
/** The forecast of a student of `distill`. */
const learned = async (distill: FitOptions['distill'], model = linear(), table: object = panel) => {
  const nf = make(model);
  await nf.fit(table as typeof panel, { distill });
  return forecastOf(nf);
};
const distance = (a: Record<string, number[]>, b: Record<string, number[]>) => {
  const [x, y] = [a, b].map((forecast) => Object.values(forecast).flat());
  return x!.reduce((sum, value, i) => sum + Math.abs(value - y![i]!), 0) / x!.length;
};

let teacher: NeuralForecast;
beforeAll(async () => {
  teacher = await fitted(tiny({ maxSteps: 300 }));
});

// Linear students of a linear network without validation or noise: all that is left apart is what is not yet learned.
test.each([
  ['points', undefined],
  ['quantiles', mqLoss({ levels: 80 })],
  ['a distribution', distributionLoss({ distribution: 'Normal', levels: 80 })],
])('%s: with weight 1 a student of the same kind becomes its teacher', async (_, loss) => {
  const options = {
    scalerType: 'standard',
    maxSteps: 100,
    learningRate: 0.01,
    ...(loss && { loss }),
  };
  const own = await fitted(linear(options));
  const expected = await forecastOf(own);
  const student = linear({ ...options, randomSeed: 5, maxSteps: 1000 });
  const got = await learned({ teacher: own, weight: 1 }, student);
  expect(distance(got, expected)).toBeLessThan(0.2);
  expect(distance(got, expected)).toBeLessThan(
    0.25 * distance(await forecastOf(await fitted(student)), expected),
  );
});

test('a student may be of another kind, loss and scale, and its weight says how much it learns', async () => {
  const options = { loss: distributionLoss({ distribution: 'StudentT' }), maxSteps: 20 };
  const large = await fitted(nhits(options), { localScaler: 'standard' });
  const forecasts = [];
  for (const weight of [0.1, undefined, 1])
    forecasts.push(await learned({ teacher: large, weight }, tiny({ loss: mqLoss() })));
  expect(forecasts[1]).toEqual(
    await learned({ teacher: large, weight: 0.5 }, tiny({ loss: mqLoss() })),
  );
  expect(new Set(forecasts.map((forecast) => JSON.stringify(forecast))).size).toBe(3);
  expect(Object.keys(forecasts[0]!)).toEqual(
    Object.keys(await forecastOf(await fitted(tiny({ loss: mqLoss() })))),
  );
});

test('the teacher is that of the moment of the call, and can be used and disposed meanwhile', async () => {
  const expected = await learned({ teacher });
  const copy = teacher.clone();
  const student = make();
  const learning = student.fit(panel, { distill: { teacher: copy } });
  const others = Promise.all([copy.predict(), copy.fit(monthly(40, 2))]);
  const end = copy.dispose();
  await Promise.all([learning, others, end]);
  expect(await forecastOf(student)).toEqual(expected);
  expect(student.fitted && teacher.fitted).toBe(true);
});

test('one of several models teaches', async () => {
  const several = new NeuralForecast({ ...sizes, models: [tiny({ maxSteps: 20 }), linear()] });
  await several.fit(panel);
  const ofMlp = await learned({ teacher: several, model: 'MLP' });
  expect(await learned({ teacher: several, model: 'NLinear' })).not.toEqual(ofMlp);
  await expect(learned({ teacher: several })).rejects.toMatchObject({
    code: 'ERR_ND_CONFIG',
    message: expect.stringContaining('expected one of MLP, NLinear'),
  });
});

test('the teacher reads columns that the student does not', async () => {
  const table = { ...panel, promo: panel.y.map((_, i): number => (i % 5 === 0 ? 1 : 0)) };
  const reader = await fitted(tiny({ futrExog: ['promo'], maxSteps: 20 }), {}, table);
  const told = await learned({ teacher: reader }, linear(), table);
  expect(told).not.toEqual(await learned({ teacher }, linear(), table));
  const shifted = { ...table, promo: table.promo.with(20, 5) };
  expect(told).not.toEqual(await learned({ teacher: reader }, linear(), shifted));
  await expect(learned({ teacher: reader })).rejects.toMatchObject({
    code: 'ERR_ND_FEATURES',
    message: expect.stringContaining('promo'),
  });
});

test('an abort leaves the student as it was', async () => {
  const student = make(endless());
  const aborter = new AbortController();
  const fitting = student.fit(panel, {
    distill: { teacher },
    signal: aborter.signal,
    onProgress: () => aborter.abort(),
  });
  await expect(fitting).rejects.toMatchObject({ name: 'AbortError' });
  expect(student.fitted).toBe(false);
});

test('a checkpoint is resumed with its teacher and no other', async () => {
  const checkpoint = { path: path.join(folder, 'fit'), everySteps: 50 };
  const student = linear({ maxSteps: 1500 });
  const expected = await learned({ teacher, weight: 0.7 }, student);
  const stopped = make(student).fit(panel, {
    distill: { teacher, weight: 0.7 },
    checkpoint,
    onProgress: ({ step }) => {
      if (step > 60) throw new Error('stop');
    },
  });
  await expect(stopped).rejects.toThrow('stop');
  const resume = (options: FitOptions) => {
    const nf = make(student);
    return nf.fit(panel, { ...options, resume: checkpoint.path }).then(() => forecastOf(nf));
  };
  expect(await resume({ distill: { teacher, weight: 0.7 } })).toEqual(expected);
  for (const distill of [undefined, { teacher }, { teacher: await fitted(tiny()), weight: 0.7 }])
    await expect(resume({ distill })).rejects.toMatchObject({
      code: 'ERR_ND_CONFIG',
      message: expect.stringContaining('is a checkpoint of another fit'),
    });
});

test.each([
  [{ distill: 5 }, '[fit] received distill = 5, expected an object such as { teacher: nf }'],
  [{ distill: {} }, '[fit] received distill.teacher = undefined, expected a fitted NeuralForecast'],
  [{ distill: { teacher: new Map() } }, 'teacher = a Map, expected a fitted NeuralForecast'],
  [{ distill: { teachr: 1 } }, 'did you mean "teacher"?'],
])('refuses %j', async (options, message) => {
  await expect(make().fit(panel, options as object)).rejects.toMatchObject({
    code: 'ERR_ND_CONFIG',
    message: expect.stringContaining(message),
  });
});

test('refuses a weight out of range, itself, and teachers that cannot teach', async () => {
  for (const weight of [0, 1.5, Number.NaN, '0.5']) {
    await expect(learned({ teacher, weight: weight as number })).rejects.toMatchObject({
      message: expect.stringContaining('expected a number above 0 and of at most 1'),
    });
  }
  const refusal = (nf: NeuralForecast, by: NeuralForecast, table: object = panel) =>
    nf.fit(table as typeof panel, { distill: { teacher: by } }).catch((error) => error);
  const itself = teacher.clone();
  expect((await refusal(itself, itself)).message).toContain('received the forecaster itself');
  expect((await refusal(make(), make())).code).toBe('ERR_ND_NOT_FITTED');
  const gone = teacher.clone();
  await gone.dispose();
  expect((await refusal(make(), gone)).code).toBe('ERR_ND_BUSY');
  expect((await refusal(make(linear(), { horizon: 6 }), teacher)).code).toBe('ERR_ND_HORIZON');
  expect((await refusal(make(linear({ loss: mqLoss() })), teacher)).code).toBe('ERR_ND_CONFIG');
  const weeks = { ...panel, ds: panel.ds.map((_, i) => new Date(Date.UTC(1949, 0, 3 + 7 * i))) };
  expect((await refusal(make(), teacher, weeks)).code).toBe('ERR_ND_DATA');
});
