import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {
  distributionLoss,
  evaluate,
  ForecastError,
  iqLoss,
  mae,
  mqLoss,
  mse,
  NeuralForecast,
  nlinear,
  quantileLoss,
  readCsv,
} from '../../lib/index';
import { isNativeFailure, toError } from '../../lib/errors';
import { plotForecast } from '../../lib/plot/index';
import type { ErrorCode } from '../../types/index';
import { monthly, sizes, temporaryFolder, tiny } from './support';

// docs/errors.md shows the messages of each error; every one of them is provoked here, and nothing else is shown there.

const root = path.resolve(__dirname, '..', '..');
const page = fs.readFileSync(path.join(root, 'docs', 'errors.md'), 'utf8');
const folder = temporaryFolder();
const panel = monthly(60);
const make = (model = {}, options = {}) =>
  new NeuralForecast({ ...sizes, models: [tiny(model)], ...options });

async function fitted(model = {}) {
  const nf = make(model);
  await nf.fit(panel);
  return nf;
}

async function calibrated(intervals = {}, model = {}) {
  const nf = make(model);
  await nf.fit(panel, { intervals });
  return nf;
}

async function promoted() {
  const nf = make({ futrExog: ['promo'], maxSteps: 1 });
  await nf.fit({ ...panel, promo: panel.y });
  return nf;
}

/** A call that fails, by the number of the error. */
const PROVOKED: Readonly<Record<string, readonly (() => unknown)[]>> = {
  E0001: [
    () => make().predict(),
    () => make().save(path.join(folder, 'model.safetensors')),
    () => make().fit(panel, { distill: { teacher: make() } }),
  ],
  E0002: [
    async () => (await fitted()).predictor().then((p) => p.predictSync([])),
    async () =>
      (await fitted()).predictor().then((p) => p.predict({ windows: [1, 2, 3], count: 2 })),
  ],
  E0003: [
    () => make().fit([]),
    () => make().fit({ ds: panel.ds.slice(0, 3), y: panel.y.slice(0, 3) }),
    () => make().fit(panel, { intervals: { windows: 60 } }),
    async () =>
      (await fitted({ loss: mqLoss() })).simulate(
        { ds: panel.ds.slice(0, 3), y: panel.y.slice(0, 3) },
        { method: 'schaakeShuffle' },
      ),
  ],
  E0004: [
    () => new NeuralForecast({ ...sizes, models: [nlinear({ futrExog: ['promo'] })] }),
    () => make({ futrExog: ['promo'] }).fit(panel),
    () => make({}, { sampleWeight: 'weight' }).fit(panel),
    () => make({ statExog: ['size'] }).fit(panel),
    () => make({ statExog: ['size'] }).fit(panel, { statics: { unique_id: ['A'], size: [1] } }),
    async () => (await promoted()).predict(),
    async () => (await promoted()).predict(null, { future: { ds: panel.ds } }),
    async () => (await promoted()).predict(null, { future: { ds: panel.ds, promo: panel.y } }),
    async () => (await promoted()).predictor().then((p) => p.predictSync(panel.y)),
    async () =>
      (await promoted())
        .predictor()
        .then((p) => p.predictSync({ windows: panel.y, exogenous: { promo: panel.y } })),
    async () =>
      (await fitted())
        .predictor()
        .then((p) => p.predictSync({ windows: panel.y, exogenous: { promo: panel.y } })),
  ],
  E0005: [
    () => make().fit(panel, { valSize: 2 }),
    async () => make({}, { horizon: 6 }).fit(panel, { distill: { teacher: await fitted() } }),
    async () => (await fitted({ loss: quantileLoss({ q: 0.9 }) })).predict(null, { horizon: 6 }),
    () => make().crossValidation(panel, { testSize: 6, stepSize: 3 }),
    async () => (await calibrated({ windows: 9 })).predict(null, { levels: 80, horizon: 6 }),
  ],
  E0006: [
    () => NeuralForecast.load('model.safetensors'),
    () => make().fit(panel, { resume: 'fit.safetensors' }),
    () => NeuralForecast.importCheckpoint('checkpoint'),
    () => readCsv('prices.csv'),
    () => plotForecast({ forecast: panel }).save('no/such/folder/plot.json'),
  ],
  // More bytes of weights than an address can have.
  E0008: [() => make({ numLayers: 200, hiddenSize: 1_048_576 }).fit(panel)],
  E0009: [
    () =>
      make({ optimizer: 'sgd', learningRate: 1000, scalerType: 'identity', loss: mse() }).fit(
        panel,
      ),
  ],
  E0010: [
    () => make({}, { horizn: 4 }),
    () => make({ hidenSize: 4 }),
    () => make({ maxSteps: -1 }),
    () => make({ scalerType: 'robst' }),
    () => make({}, { models: [{ type: 'NHIT', options: {} }] }),
    async () => (await fitted()).predictor('MPL'),
    async () => (await fitted()).predict(null, { levels: 80 }),
    async () =>
      (await fitted({ loss: mqLoss({ levels: 80 }) })).predict(null, { quantiles: [0.95] }),
    async () => (await fitted()).simulate(),
    async () => (await fitted()).simulate(null, { method: 'ancestral' }),
    async () => (await calibrated({ windows: 9 })).predict(null, { levels: 95 }),
    async () =>
      (await calibrated({}, { loss: mqLoss({ levels: 80 }) })).predict(null, { levels: 60 }),
    () => make({ loss: mqLoss({ levels: 95 }) }).fit(panel, { intervals: { windows: 9 } }),
    () => make().fit(panel, { intervals: { method: 'adaptive', pooled: true } }),
    () => make().crossValidation(panel, { folds: 2, intervals: {} }),
    async () =>
      (await calibrated({ method: 'adaptive' })).exportCheckpoint(path.join(folder, 'adaptive')),
    () => make().fit(panel, { resume: true }),
    () => make().fit(panel, { freeze: 'mpl.*' }),
    async () => make({ numLayers: 3 }).fit(panel, { initialWeights: await fitted() }),
    () => make().fit(panel, { initialWeights: 5 as unknown as string }),
    async () => make({ loss: mqLoss() }).fit(panel, { distill: { teacher: await fitted() } }),
    async () => {
      const loss = mqLoss({ levels: 80 });
      const teacher = await fitted({ loss });
      return make({ loss: mqLoss({ levels: 90 }) }).fit(panel, { distill: { teacher } });
    },
    async () => make({ loss: iqLoss() }).fit(panel, { distill: { teacher: await fitted() } }),
    async () => make().fit(panel, { distill: { teacher: await fitted(), weight: 2 } }),
    () => make().crossValidation(panel, { testSize: 8, windows: 2 }),
    () => make().crossValidation(panel, { folds: 2 }),
    () => make({ loss: mae({ horizonWeight: [0, 0, 0, 0] }) }),
    () => evaluate({ ds: [1], y: [1], MLP: [2] }, { metrics: 'coverage' }),
    () => evaluate({ ds: [1], y: [1], MLP: [2] }, { metrics: 'mase' }),
  ],
  E0011: [
    () => make().fit({ date: panel.ds, y: panel.y }),
    () => make({}, { timeColumn: 'dat' }).fit({ date: panel.ds, y: panel.y }),
    () => make().fit({ ...panel, y: panel.y.with(7, Number.NaN) }),
    () => make({}, { sampleWeight: 'w' }).fit({ ...panel, w: panel.y.with(7, Infinity) }),
    () =>
      make({ statExog: ['kind'], catExog: ['kind'], catCardinalities: { kind: 1 } }).fit(
        { unique_id: ['a', 'a', 'b', 'b'], ds: [1, 2, 1, 2], y: [1, 2, 3, 4] },
        { statics: { unique_id: ['a', 'b'], kind: ['x', 'y'] } },
      ),
    () =>
      make({ loss: distributionLoss({ distribution: 'Poisson' }) }).fit({
        ds: panel.ds.map((_, i) => i),
        y: panel.ds.map((_, i) => (i === 41 ? -3 : 2)),
      }),
    () => make().fit({ ds: [1, 2, 2, 3], y: [1, 2, 3, 4] }),
    () => make().fit({ ds: [1, 2, 3, 4, 7, 8], y: [1, 2, 3, 4, 5, 6] }),
    async () =>
      (await calibrated()).predict(
        { ...panel, unique_id: panel.ds.map(() => 'B') },
        { levels: 80 },
      ),
    () => make().checkOneBatch({ ...panel, y: panel.y.map(() => 7) }),
    () => evaluate({ ds: [1, 1], y: [5, 6], MLP: [5, 6] }),
    () => evaluate({ ds: [4], y: [5], MLP: [5] }, { train: { ds: [5], y: [5] }, seasonality: 1 }),
  ],
  E0012: [
    async () => {
      const nf = make();
      await nf.dispose();
      await nf.fit(panel);
    },
    async () => {
      const predictor = await (await fitted()).predictor();
      const calls = Array.from({ length: 1100 }, () => predictor.predict(panel.y));
      const failed = (await Promise.allSettled(calls)).find(({ status }) => status === 'rejected');
      throw (failed as PromiseRejectedResult).reason;
    },
  ],
  // Whatever native code reports without a known code is our mistake.
  E0014: [
    () => {
      throw toError({
        code: 'ERR_ND_NEW',
        number: '',
        message:
          '[internal] broken invariant: rows == steps; please report it with the call that led here',
        details: '{}',
      });
    },
  ],
};

async function failureOf(call: () => unknown): Promise<ForecastError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ForecastError) return error;
    throw error;
  }
  throw new Error(`${call} did not fail`);
}

/** The messages that the page shows for a number: the lines of the text block in its section. */
function shown(number: string): string[] {
  const section = page.split(`\n## ${number}\n`)[1]?.split('\n## ')[0] ?? '';
  return /```text\n([\s\S]*?)\n```/.exec(section)?.[1]?.split('\n') ?? [];
}

describe.each(Object.entries(PROVOKED))('%s', (number, calls) => {
  test('the page shows exactly the messages that are provoked', async () => {
    const messages: string[] = [];
    for (const call of calls) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ number, help: `docs/errors.md#${number.toLowerCase()}` });
      expect(error.message).toMatch(/^\[[\w ]+\] /);
      expect(error.details).toEqual(expect.any(Object));
      messages.push(error.message);
    }
    expect(shown(number)).toEqual(messages);
  }, 60_000);
});

test('E0013: the binary cannot be loaded', () => {
  const script = `require(${JSON.stringify(path.join(root, 'dist', 'index.js'))}).runtimeInfo()`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
    env: { ...process.env, ND_BINDING_PATH: '/opt/other.node' },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain("help: 'docs/errors.md#e0013'");
  // Platform and versions differ from machine to machine.
  const steady = (text: string) => text.replace(/ on [\w-]+ \([^)]*\), Node [\d.]+/, '');
  for (const line of shown('E0013')) expect(steady(stderr)).toContain(steady(line));
  expect(shown('E0013')).toHaveLength(2);
});

test('every code has its section, and every place on the page has its number', () => {
  const codes: ErrorCode[] = [
    'ERR_ND_NOT_FITTED',
    'ERR_ND_SHAPE',
    'ERR_ND_EMPTY',
    'ERR_ND_FEATURES',
    'ERR_ND_HORIZON',
    'ERR_ND_FILE',
    'ERR_ND_DEVICE',
    'ERR_ND_MEMORY',
    'ERR_ND_DIVERGED',
    'ERR_ND_CONFIG',
    'ERR_ND_DATA',
    'ERR_ND_BUSY',
    'ERR_ND_BINARY',
    'ERR_ND_INTERNAL',
  ];
  for (const code of codes) {
    const { number } = new ForecastError(code, '');
    expect(page).toContain(`| [${number}](#${number.toLowerCase()}) | \`${code}\` |`);
    expect(page).toContain(`\n## ${number}\n`);
  }
});

test('an abort is no error of ours: it rejects with the reason', async () => {
  const reason = new Error('no longer wanted');
  await expect(make().fit(panel, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(isNativeFailure(reason)).toBe(false);
});

describe('the closest name, at every entry', () => {
  const forecast = { unique_id: ['a', 'a'], ds: [1, 2], NHITS: [3, 4] };
  test.each<[string, () => unknown, string]>([
    ['constructor', () => make({}, { horizn: 4 }), 'horizon'],
    ['constructor: model', () => make({}, { models: [{ type: 'NHIT' }] }), 'NHITS'],
    ['constructor: compat', () => make({}, { compat: 'neuralforcast' }), 'neuralforecast'],
    ['constructor: localScaler', () => make({}, { localScaler: 'standrd' }), 'standard'],
    ['constructor: frequency', () => make({}, { frequency: 'MSS' }), 'MS'],
    ['constructor: timeZone', () => make({}, { timeZone: 'Europe/Berln' }), 'Europe/Berlin'],
    ['model: option', () => make({ hidenSize: 4 }), 'hiddenSize'],
    ['model: choice', () => make({ scalerType: 'robst' }), 'robust'],
    ['model: loss', () => make({ loss: { type: 'MEA', options: {} } }), 'MAE'],
    ['loss: option', () => make({ loss: { type: 'MQLoss', options: { level: [80] } } }), 'levels'],
    ['load', () => NeuralForecast.load('x', { idColum: 'a' } as never), 'idColumn'],
    ['fit', () => make().fit(panel, { valsize: 4 } as never), 'valSize'],
    ['fit: column', () => make().fit({ Ds: panel.ds, y: panel.y }), 'Ds'],
    ['predict', () => make().predict(panel, { thread: 1 } as never), 'threads'],
    ['crossValidation', () => make().crossValidation(panel, { window: 1 } as never), 'windows'],
    ['predictInsample', () => make().predictInsample(panel, { stepsize: 1 } as never), 'stepSize'],
    ['save', () => make().save('x', { includData: true } as never), 'includeData'],
    ['predictor', () => make().predictor('MPL'), 'MLP'],
    ['predictor: option', () => make().predictor('MLP', { signl: 1 } as never), 'signal'],
    ['loadWeights', () => make().loadWeights('MPL', 'x'), 'MLP'],
    ['readCsv', () => readCsv('x', { seperator: ';' } as never), 'separator'],
    ['readCsv: column', () => readCsv({ text: 'DS,y\n1,2\n' }), 'DS'],
    ['plotForecast', () => plotForecast({ forecst: forecast } as never), 'forecast'],
    ['plotForecast: column', () => plotForecast({ forecast: { Ds: [1], NHITS: [2] } }), 'Ds'],
    ['plotForecast: series', () => plotForecast({ forecast, series: ['A'] }), 'a'],
    ['toSvg', () => plotForecast({ forecast }).toSvg({ widht: 3 } as never), 'width'],
  ])('%s', async (_place, call, meant) => {
    const { message } = await failureOf(call);
    expect(message).toMatch(new RegExp(`did you mean (\\w+: )?"${meant}"\\?`));
  });

  test('predictor: windows; table: column', async () => {
    const nf = await fitted();
    const predictor = await nf.predictor();
    const wrong = { windws: [1, 2] } as never;
    expect((await failureOf(() => predictor.predictSync(wrong))).message).toMatch(/"windows"\?/);
    const table = await nf.predict();
    expect(() => table.column('MPL')).toThrow(/did you mean "MLP"\?/);
  });
});
