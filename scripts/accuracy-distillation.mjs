// Distillation on ETTh1: a large teacher of quantiles that has learned a year of hours, and small students of all of these
// rows or of the last twenty days only, with and without it. Mean pinball loss and absolute error of the median over all
// windows of the test part, and the time of one forecast.

import { readEtt, TRAIN_ROWS, testPart } from './accuracy-ett.mjs';

const HORIZON = 24;
const INPUT_SIZE = 96;
const FEW_ROWS = 480;
const SEEDS = [1, 2, 3];
const WEIGHTS = [0, 0.5, 0.9];
/** Windows of the test part, this many rows apart. */
const STRIDE = 4;
const CALLS = 3000;

const TEACHER = { maxSteps: 600, windowsBatchSize: 256 };
const STUDENT = {
  hiddenSize: 32,
  numLayers: 1,
  maxSteps: 1000,
  windowsBatchSize: 128,
  learningRate: 3e-3,
};

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

function tableOf(parts) {
  return {
    unique_id: parts.flatMap((part, c) => Array.from(part, () => `column ${c}`)),
    ds: parts.flatMap((part) => Array.from(part.keys())),
    y: Float64Array.from(parts.flatMap((part) => Array.from(part))),
  };
}

/** Pinball loss, averaged over quantiles, and absolute error of the median, over windows of `parts`. */
function judge(predictor, quantiles, parts) {
  let pinball = 0;
  let absolute = 0;
  let count = 0;
  for (const part of parts) {
    for (let begin = 0; begin + INPUT_SIZE + HORIZON <= part.length; begin += STRIDE) {
      const end = begin + INPUT_SIZE;
      const forecast = predictor.predictSync({ windows: part.subarray(begin, end) });
      for (let k = 0; k < HORIZON; k++) {
        quantiles.forEach((q, i) => {
          const error = part[end + k] - forecast[k * quantiles.length + i];
          pinball += Math.max(q * error, (q - 1) * error) / quantiles.length;
          if (q === 0.5) absolute += Math.abs(error);
        });
        count += 1;
      }
    }
  }
  return { pinball: pinball / count, mae: absolute / count };
}

/** Median microseconds of one forecast of one window. */
function microseconds(predictor, window) {
  const times = Array.from({ length: CALLS }, () => {
    const started = process.hrtime.bigint();
    predictor.predictSync({ windows: window });
    return Number(process.hrtime.bigint() - started) / 1000;
  });
  return times.sort((a, b) => a - b)[CALLS / 2];
}

/** Runs everything; gives the number of failed checks and the figures. */
export async function checkDistillation({ api, data, say }) {
  const columns = readEtt(data, 'ETTh1');
  const test = testPart(columns, INPUT_SIZE);
  const loss = api.mqLoss({ levels: 80 });
  const quantiles = [0.5, 0.1, 0.9];
  const fitted = async (model, from, options) => {
    const nf = new api.NeuralForecast({ horizon: HORIZON, inputSize: INPUT_SIZE, models: [model] });
    const parts = columns.map((column) => column.subarray(from, TRAIN_ROWS));
    await nf.fit(tableOf(parts), options);
    return nf;
  };
  const measured = async (nf) => {
    const predictor = await nf.predictor();
    const scores = judge(predictor, quantiles, test);
    const time = microseconds(predictor, test[0].subarray(0, INPUT_SIZE));
    await predictor.dispose();
    return { ...scores, time };
  };
  const tell = (name, { pinball, mae, time }) =>
    say(
      `       ${name.padEnd(34)} ${pinball.toFixed(4)}  ${mae.toFixed(4)}  ${time.toFixed(1).padStart(7)}`,
    );

  const teacher = await fitted(api.nhits({ ...TEACHER, loss }), 0);
  const results = { teacher: await measured(teacher), students: [] };
  say(`ETTh1, ${HORIZON} hours ahead; ${SEEDS.length} seeds of each student.`);
  say(`       ${''.padEnd(34)} pinball  MAE     µs per forecast`);
  tell('teacher, NHITS', results.teacher);
  for (const [what, from] of [
    ['all rows', 0],
    [`${FEW_ROWS} rows`, TRAIN_ROWS - FEW_ROWS],
  ]) {
    for (const weight of WEIGHTS) {
      const scores = [];
      for (const randomSeed of SEEDS) {
        const distill = weight > 0 ? { distill: { teacher, weight } } : {};
        const nf = await fitted(api.mlp({ ...STUDENT, loss, randomSeed }), from, distill);
        scores.push(await measured(nf));
        await nf.dispose();
      }
      const average = Object.fromEntries(
        ['pinball', 'mae', 'time'].map((name) => [name, mean(scores.map((one) => one[name]))]),
      );
      const name = `student, ${what}, ${weight > 0 ? `weight ${weight}` : 'alone'}`;
      tell(name, average);
      results.students.push({ rows: what, weight, ...average });
    }
  }
  await teacher.dispose();
  const few = results.students.slice(WEIGHTS.length);
  const holds = few.slice(1).every(({ pinball }) => pinball < few[0].pinball);
  say(`${holds ? 'ok    ' : 'WRONG '} with few rows a student forecasts better with its teacher`);
  return { failures: holds ? 0 : 1, results };
}
