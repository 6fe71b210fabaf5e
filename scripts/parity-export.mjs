// Objects of every model, exported and loaded by NeuralForecast itself: both forecast, and the frames are compared.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { check, compare, readTable } from './parity-pipeline.mjs';
import { at, capture, run } from './support.mjs';

const VERSION = '3.3.0';
const SIZES = { horizon: 4, inputSize: 12, maxSteps: 5, windowsBatchSize: 16 };
const SMALL_BLOCKS = {
  mlpUnits: [
    [8, 8],
    [8, 8],
    [8, 8],
  ],
};

/** Models that together use what an export has to say. */
function cases(api) {
  const sized = (options) => ({ ...SIZES, ...options });
  const { mqLoss, huberLoss, huberMqLoss, quantileLoss, mase, mae } = api;
  return {
    plain: {
      options: { localScaler: 'standard' },
      models: [
        api.mlp(sized({ hiddenSize: 8 })),
        api.dlinear(sized({ alias: 'linear' })),
        api.nlinear(sized({ loss: mqLoss({ levels: [80, 90] }) })),
      ],
    },
    blocks: {
      options: { localScaler: 'boxcox' },
      models: [
        api.nhits(
          sized({
            ...SMALL_BLOCKS,
            activation: 'PReLU',
            scalerType: 'robust',
            loss: mqLoss({ quantiles: [0.1, 0.5] }),
            validLoss: mae(),
          }),
        ),
        api.nbeats(
          sized({ ...SMALL_BLOCKS, nBlocks: [2, 2, 2], sharedWeights: true, scalerType: 'revin' }),
        ),
      ],
    },
    recurrent: {
      models: [
        api.lstm(
          sized({
            encoderHiddenSize: 8,
            decoderHiddenSize: 4,
            decoderActivation: 'PReLU',
            decoderLayers: 3,
          }),
        ),
        api.lstm(sized({ alias: 'stepwise', encoderHiddenSize: 8, recurrent: true })),
      ],
    },
    attention: {
      options: { localScaler: 'minmax' },
      models: [
        api.patchtst(
          sized({
            hiddenSize: 16,
            nHeads: 2,
            patchLen: 4,
            stride: 2,
            optimizer: 'adamw',
            weightDecay: 0.1,
            lrSchedule: 'cosine',
            gradientClipNorm: 1,
          }),
        ),
        api.autoformer(sized({ hiddenSize: 16, nHead: 2, convHiddenSize: 8 })),
      ],
    },
    mixer: {
      models: [
        api.tsmixer(sized({ nSeries: 2, ffDim: 8 })),
        api.tsmixer(
          sized({
            alias: 'quantiles',
            nSeries: 2,
            ffDim: 8,
            scalerType: 'minmax1',
            loss: mqLoss({ levels: [80] }),
          }),
        ),
      ],
    },
    losses: {
      options: { localScaler: 'robust-iqr' },
      models: [
        ['huber', huberLoss({ delta: 2 })],
        ['quantile', quantileLoss({ q: 0.3 })],
        ['mase', mase({ seasonality: 2, horizonWeight: [1, 2, 3, 4] })],
        ['huberQuantiles', huberMqLoss({ levels: [50] })],
      ].map(([alias, loss]) => api.mlp(sized({ alias, hiddenSize: 8, loss }))),
    },
    missing: {
      options: { missing: 'mask' },
      holes: true,
      models: [
        api.mlp(sized({ hiddenSize: 8, scalerType: 'standard' })),
        api.nhits(sized({ ...SMALL_BLOCKS, scalerType: 'robust' })),
      ],
    },
    schedules: {
      models: [
        { lrSchedule: 'multiStep', lrMilestones: [2, 4] },
        { lrSchedule: 'exponential' },
        { lrSchedule: 'polynomial', lrPower: 2 },
        { lrSchedule: 'cosineRestarts', lrPeriod: 2 },
        { lrSchedule: 'cyclic', lrPeriod: 2, minLearningRate: 1e-5 },
        { lrSchedule: 'oneCycle' },
      ].map((schedule) =>
        api.mlp(sized({ ...schedule, alias: schedule.lrSchedule, hiddenSize: 8 })),
      ),
    },
    conformalDistribution: {
      options: { localScaler: 'standard' },
      intervals: { method: 'distribution', windows: 4, stepSize: 2 },
      models: [api.nlinear(sized({})), api.mlp(sized({ hiddenSize: 8 }))],
    },
    conformalError: {
      options: { localScaler: 'boxcox' },
      intervals: { method: 'error', windows: 3 },
      models: [api.nlinear(sized({}))],
    },
    conformalPlain: {
      intervals: { method: 'error', windows: 5 },
      models: [api.dlinear(sized({ loss: huberLoss({ delta: 2 }) }))],
    },
    exogenous: {
      options: { localScaler: 'robust', localStaticScaler: 'minmax' },
      exogenous: true,
      models: [
        api.nhits(
          sized({
            ...SMALL_BLOCKS,
            scalerType: 'revin',
            futrExog: ['wave', 'season'],
            histExog: ['lagged'],
            statExog: ['height', 'kind'],
            catExog: ['season', 'kind'],
          }),
        ),
        api.mlp(sized({ hiddenSize: 8, histExog: ['lagged', 'wave'] })),
      ],
    },
  };
}

const SEASONS = ['winter', 'spring', 'summer', 'autumn'];
const STATICS = { unique_id: ['north', 'south'], height: [1, 2.5], kind: [7, 3] };

/** Rows `from` to `to` of two monthly series. */
function rows(from, to) {
  return STATICS.unique_id.flatMap((unique_id, s) =>
    Array.from({ length: to - from }, (_, i) => {
      const t = from + i;
      const wave = Math.sin(((t + 3 * s) * Math.PI) / 6);
      return {
        unique_id,
        ds: new Date(Date.UTC(2015, t, 1)).toISOString().slice(0, 10),
        y: 100 + t + 20 * wave + 300 * s,
        wave,
        lagged: 90 + t / 2,
        season: SEASONS[Math.floor(t / 3) % 4],
      };
    }),
  );
}

/** Writes what one case's NeuralForecast needs, and returns our forecast. */
async function prepare(folder, one, api) {
  const { options = {}, exogenous = false, holes = false, intervals, models } = one;
  const nf = new api.NeuralForecast({
    frequency: 'MS',
    compat: 'neuralforecast',
    ...options,
    models,
  });
  try {
    const future = exogenous ? rows(60, 64).map(({ y: _, lagged: __, ...row }) => row) : undefined;
    const all = rows(0, 60);
    if (holes) for (const row of [5, 52, 57, 110, 118]) all[row].y = Number.NaN;
    await nf.fit(all, {
      ...(exogenous ? { statics: STATICS } : {}),
      ...(intervals ? { intervals } : {}),
    });
    await nf.exportCheckpoint(path.join(folder, 'checkpoint'));
    if (future) {
      const names = Object.keys(future[0]);
      const lines = future.map((row) => names.map((name) => row[name]).join(','));
      fs.writeFileSync(path.join(folder, 'future.csv'), `${[names, ...lines].join('\n')}\n`);
    }
    return await nf.predict(null, {
      ...(future ? { future } : {}),
      ...(intervals ? { levels: [80, 95] } : {}),
    });
  } finally {
    await nf.dispose();
  }
}

/** The Python that has NeuralForecast: that of ND_BENCH_PYTHON, or of an environment in build/ that is made once. */
function python() {
  if (process.env.ND_BENCH_PYTHON) return process.env.ND_BENCH_PYTHON;
  const environment = at('build', 'neuralforecast');
  const program = path.join(environment, 'bin', 'python');
  if (!capture(program, ['-c', 'import neuralforecast']).ok) {
    run('python3', ['-m', 'venv', environment]);
    run(program, ['-m', 'pip', 'install', '--quiet', `neuralforecast==${VERSION}`]);
  }
  return program;
}

/** Outcomes in the form that nd_parity prints. */
export async function* runExports(filter, api) {
  const chosen = Object.entries(cases(api)).filter(([name]) =>
    `export/${name}`.toLowerCase().includes(filter.toLowerCase()),
  );
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-export-'));
  try {
    const tables = new Map();
    for (const [name, one] of chosen) {
      fs.mkdirSync(path.join(root, name));
      tables.set(name, await prepare(path.join(root, name), one, api));
    }
    const { ok, output } = capture(python(), [at('scripts', 'parity-export.py'), root], {
      cwd: root,
    });
    if (!ok) throw new Error(`NeuralForecast refuses an exported checkpoint:\n${output}`);
    for (const [name, table] of tables) {
      const expected = readTable(path.join(root, name, 'reference.csv'));
      const result = check('predict', compare(table.toRecords(), expected, table.modelColumns));
      const status =
        result.error <= result.limit && expected.length === table.length ? 'passed' : 'failed';
      yield { folder: 'export', name, status, checks: [result], problems: [], leftOut: [] };
    }
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}
