// Fit and predict through the package, as a user calls them, beside NeuralForecast doing the same work, in turns: every
// work in a pair of fresh processes, so that the most memory that each has held is that of the work.

import { at } from '../../support.mjs';
import { isIn, row, spread, takeTurns } from '../measure.mjs';
import { peer } from '../peers.mjs';
import { Server, withServers } from '../server.mjs';

export const targets = ['nd_node'];

const AIRLINE = { file: 'examples/data/air-passengers.csv' };
/** One series with exactly 1000 windows of 168 + 24 steps. */
const THOUSAND = { series: 1, length: 1191 };

const small = { mlp_units: Array.from({ length: 3 }, () => [64, 64]) };
const recurrent = {
  encoder_hidden_size: 128,
  encoder_n_layers: 2,
  decoder_hidden_size: 128,
  decoder_layers: 2,
};

const work = (name, data, inputSize, horizon, model, options, more = {}) => ({
  name,
  data,
  inputSize,
  horizon,
  models: [{ name: model, options }],
  ...more,
});
const small32 = (steps, options = {}) => ({ max_steps: steps, windows_batch_size: 32, ...options });

const PANEL = { series: 2000, length: 1000 };
/** Of a large panel: few rounds, and the last four days of every series forecast by one fit. */
const backtest = { heavy: true, crossValidation: { windows: 4, stepSize: 24 } };

/** What is measured; options are the peer's, ours have the same names in camelCase. */
export const WORKS = [
  work(
    'airline, NHITS, 200 steps',
    AIRLINE,
    36,
    12,
    'NHITS',
    { max_steps: 200 },
    { repeats: true },
  ),
  work('1000 windows × 10 epochs of 32, NHITS-512', THOUSAND, 168, 24, 'NHITS', small32(320)),
  work('1000 windows × 10 epochs of 32, NHITS-64', THOUSAND, 168, 24, 'NHITS', small32(320, small)),
  work('DLinear, 1000 steps of 32', THOUSAND, 168, 24, 'DLinear', small32(1000)),
  work('LSTM-128x2, 60 steps of 32', THOUSAND, 96, 24, 'LSTM', small32(60, recurrent)),
  work('PatchTST, 60 steps of 32', THOUSAND, 336, 24, 'PatchTST', small32(60)),
  work(
    'panel 2000 × 1000, NHITS, 20 steps of 1024',
    PANEL,
    168,
    24,
    'NHITS',
    { max_steps: 20, windows_batch_size: 1024 },
    backtest,
  ),
  work(
    'panel 2000 × 1000, DLinear, 100 steps of 1024',
    PANEL,
    168,
    24,
    'DLinear',
    { max_steps: 100, windows_batch_size: 1024 },
    backtest,
  ),
];

/** Our program; `repeats`: windows that were drawn twice are computed twice. */
export const ours = (name, threads, repeats = false) =>
  new Server(name, process.execPath, [at('scripts', 'bench', 'ours.mjs')], {
    ND_NUM_THREADS: String(threads),
    ...(repeats ? { ND_MERGE_WINDOWS: '0' } : {}),
  });

export const neuralforecast = (threads) => peer('NeuralForecast', 'neuralforecast_e2e.py', threads);

const REPEATS = 'ours, repeats computed';

/** The rows of one work: fit, predict, cross-validation where it is asked for, memory. */
async function measure(item, { peers, quick, threads }) {
  const servers = [ours('ours', threads)];
  if (item.repeats) servers.push(ours(REPEATS, threads, true));
  if (peers) servers.push(neuralforecast(threads));
  const rounds = quick ? 1 : item.heavy ? 3 : 5;
  return withServers(servers, async () => {
    const ask = (request) =>
      Object.fromEntries(servers.map((server) => [server.name, () => server.ask(request)]));
    const warm = {
      ...item,
      models: item.models.map((m) => ({ ...m, options: { ...m.options, max_steps: 2 } })),
    };
    await takeTurns(ask({ fit: warm }), 1); // libraries loaded, code compiled: what comes later is warm
    const fits = await takeTurns(ask({ fit: item }), rounds);
    const calls = item.heavy || quick ? 2 : 20;
    const predictions = await takeTurns(ask({ predict: item, calls }), rounds);
    const validations = item.crossValidation
      ? await takeTurns(ask({ crossValidation: item }), rounds)
      : {};
    const memory = await takeTurns(ask({ memory: true }), 1);
    const rowsOf = (what, answers, field, unit) => {
      const spreads = Object.entries(answers).map(([name, list]) => [
        name,
        spread(list.map((a) => a[field])),
      ]);
      const theirs = Object.fromEntries(spreads.filter(([name]) => name === 'NeuralForecast'));
      return spreads
        .filter(([name]) => name !== 'NeuralForecast')
        .map(([name, own]) =>
          row({
            work: `${item.name}: ${what}${name === 'ours' ? '' : `, ${name.replace('ours, ', '')}`}`,
            threads,
            unit,
            ours: own,
            peers: theirs,
          }),
        );
    };
    return [
      ...rowsOf('fit', fits, 'seconds', 's'),
      ...rowsOf('predict all', predictions, 'seconds', 's').slice(0, 1),
      ...rowsOf(
        `cross-validation, ${item.crossValidation?.windows} windows`,
        validations,
        'seconds',
        's',
      ),
      ...rowsOf('peak memory', memory, 'bytes', 'bytes').slice(0, 1),
    ];
  });
}

export async function run({ peers, quick, threads, only, emit }) {
  const rows = [];
  for (const item of WORKS.filter(({ name }) => isIn(only)(name))) {
    try {
      for (const line of await measure(item, { peers, quick, threads })) {
        rows.push(line);
        emit(line);
      }
    } catch (error) {
      process.stderr.write(`  ${item.name}: ${error.message}\n`);
    }
  }
  return { rows };
}

export const columns = {};
