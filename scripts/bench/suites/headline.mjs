// Ours beside NeuralForecast in the same run, and beside figures that a native port of these models has claimed without a
// published measurement. Where the claim is below what this machine's arithmetic allows, the floor shows it.

import { at } from '../../support.mjs';
import { row, spread, stepsFor, takeTurns } from '../measure.mjs';
import { peer } from '../peers.mjs';
import { Server, withServers } from '../server.mjs';
import { quantity } from '../table.mjs';
import * as attention from './attention.mjs';
import { neuralforecast, ours, WORKS } from './e2e.mjs';
import { requestOf } from './train.mjs';

export const targets = ['nd_node', 'nd_bench_train', 'nd_bench_attention'];

const fiveModels = ['NHITS', 'NBEATS', 'MLP', 'DLinear', 'NLinear'].map((name) => ({
  name,
  options: { max_steps: 1, windows_batch_size: 32 },
}));

const ENSEMBLE = {
  name: 'ensemble',
  data: { series: 1000, length: 192 },
  inputSize: 168,
  horizon: 24,
  models: fiveModels,
};

/** Ours fits one step on one batch of 10 000 windows: table, checks, scaling, windows and a step of DLinear. */
const PREPROCESSING = {
  name: 'preprocessing',
  data: { series: 1, length: 10_000 },
  inputSize: 168,
  horizon: 24,
  models: [{ name: 'DLinear', options: { max_steps: 1, windows_batch_size: 10_000 } }],
};

/** Spreads of the seconds by program, from the answers of takeTurns. */
const secondsOf = (answers) =>
  Object.fromEntries(
    Object.entries(answers).map(([name, list]) => [name, spread(list.map((a) => a.seconds))]),
  );

function line(work, threads, answers, claimed, more = {}) {
  const { ours: own, ...peers } = secondsOf(answers);
  if (!own) throw new Error(`${work}: no result of ours`);
  return row({
    work,
    threads,
    ours: own,
    peers,
    claimed,
    timesClaim: claimed / own.median,
    ...more,
  });
}

/** The three that go through the package; `floor` is that of NHITS training. */
async function throughPackage({ peers, quick, threads }, floor) {
  const servers = [ours('ours', threads), ...(peers ? [neuralforecast(threads)] : [])];
  const rounds = quick ? 1 : 5;
  return withServers(servers, async () => {
    const turns = (request, times = rounds) =>
      takeTurns(
        Object.fromEntries(servers.map((server) => [server.name, () => server.ask(request)])),
        times,
      );
    const training = WORKS.find(({ name }) => name.includes('NHITS-512'));
    await turns({ fit: ENSEMBLE }, 1);
    const rows = [
      line(
        'ensemble of five models, forecasts of 1000 series',
        threads,
        await turns({ predict: ENSEMBLE, calls: quick ? 1 : 5 }),
        0.19,
      ),
      line('NHITS, 1000 samples, 10 epochs of 32', threads, await turns({ fit: training }), 0.575, {
        floor,
      }),
      line(
        'preprocessing 10 000 samples (ours with a training step over them)',
        threads,
        await turns({ preprocess: PREPROCESSING, calls: quick ? 1 : 10 }),
        0.035,
      ),
    ];
    return rows;
  });
}

/** LSTM inference, and the floor of 320 training steps of NHITS. */
async function fromSteps({ peers, quick, threads }) {
  const native = new Server('ours', at('build', 'release', 'nd_bench_train'), ['--serve']);
  const theirs = peers ? [peer('torch eager', 'torch_train.py', 'eager', threads)] : [];
  return withServers([native, ...theirs], async () => {
    const nhits = await native.ask({ case: 'NHITS-512 b32', threads, steps: 10 });
    const { cases } = await native.ask({ list: true });
    const work = cases.find((c) => c.inference && c.model === 'LSTM');
    if (!work) return { floor: 320 * nhits.floor, rows: [] };
    const turns = {};
    for (const server of [native, ...theirs]) {
      const request = server === native ? { case: work.work, threads } : requestOf(work);
      await server.ask({ ...request, steps: 1 });
      const { seconds } = await server.ask({ ...request, steps: 1 });
      const steps = stepsFor(quick ? 0.05 : 0.25, seconds);
      turns[server.name] = () => server.ask({ ...request, steps });
    }
    const answers = await takeTurns(turns, quick ? 2 : 11);
    const floor = spread(answers.ours.map((a) => a.floor)).median;
    return {
      floor: 320 * nhits.floor,
      rows: [line('LSTM inference, 32 × 96', threads, answers, 0.0082, { floor })],
    };
  });
}

async function attentionRow(settings) {
  const { rows } = await attention.run({ ...settings, only: 'length 512, width 256', emit() {} });
  const ofThreads = rows.filter((r) => r.threads === settings.threads && /forward/.test(r.work));
  const best = ofThreads.sort((a, b) => a.ours.median - b.ours.median)[0];
  return best ? [{ ...best, claimed: 0.018, timesClaim: 0.018 / best.ours.median }] : [];
}

export async function run(settings) {
  const steps = await fromSteps(settings);
  const rows = [
    ...(await throughPackage(settings, steps.floor)),
    ...steps.rows,
    ...(await attentionRow(settings)),
  ];
  for (const one of rows) settings.emit(one);
  return { rows };
}

export const columns = {
  claimed: (r) => quantity(r.claimed, 's'),
  'claimed / ours': (r) => `${r.timesClaim.toPrecision(3)}×`,
};
