// Linear models against what is known exactly: repeating the last value scores what the literature prints, and NLinear
// and DLinear, trained through the public API, come within 2 % of the least-squares optimum of their training windows.

import {
  closedForm,
  readEtt,
  repeatLast,
  score,
  TRAIN_ROWS,
  testPart,
  trainPart,
} from './accuracy-ett.mjs';

const INPUT_SIZE = 336;
const HORIZON = 96;
/** How far above the optimum the training MSE may stay. */
const MARGIN = 1.02;

/** MSE and MAE per horizon of repeating the last value: all test windows, and as printed (whole batches of 32). */
const REPEAT = {
  ETTh1: {
    96: [1.294, 0.713, 1.295, 0.713],
    192: [1.325, 0.733, 1.325, 0.733],
    336: [1.33, 0.746, 1.323, 0.744],
    720: [1.335, 0.755, 1.339, 0.756],
  },
  ETTh2: {
    96: [0.432, 0.422, 0.432, 0.422],
    192: [0.534, 0.473, 0.534, 0.473],
    336: [0.597, 0.511, 0.591, 0.508],
    720: [0.594, 0.519, 0.588, 0.517],
  },
};

/** Test MSE and MAE that the authors print for these models (LTSF-Linear, look-back 336, horizon 96). */
const PUBLISHED = {
  ETTh1: { NLinear: [0.374, 0.394], DLinear: [0.375, 0.399] },
  ETTh2: { NLinear: [0.277, 0.338], DLinear: [0.289, 0.353] },
};

const TRAINING = {
  loss: { type: 'MSE', options: {} },
  maxSteps: 3000,
  learningRate: 1e-3,
  numLrDecays: 6,
  windowsBatchSize: 1024,
  scalerType: 'identity',
  // The optimum is that of complete windows.
  trainingDataAvailabilityThreshold: [1, 1],
};

const pair = ({ mse, mae }) => `${mse.toFixed(4)} ${mae.toFixed(4)}`;

/** Fits one model on the training rows of all columns, one series per column, and scores it. */
async function trained(api, type, columns) {
  const parts = trainPart(columns);
  const forecaster = new api.NeuralForecast({
    horizon: HORIZON,
    inputSize: INPUT_SIZE,
    models: [{ type, options: TRAINING }],
  });
  try {
    const started = performance.now();
    await forecaster.fit({
      unique_id: parts.flatMap((_, s) => Array(TRAIN_ROWS).fill(`column ${s}`)),
      ds: parts.flatMap((part) => Array.from(part.keys())),
      y: Float64Array.from(parts.flatMap((part) => Array.from(part))),
    });
    const seconds = (performance.now() - started) / 1000;
    const predictor = await forecaster.predictor();
    const forecast = (windows, count) => predictor.predictSync({ windows, count });
    const train = score(parts, INPUT_SIZE, HORIZON, forecast);
    const test = score(testPart(columns, INPUT_SIZE), INPUT_SIZE, HORIZON, forecast);
    await predictor.dispose();
    return { train, test, seconds };
  } finally {
    await forecaster.dispose();
  }
}

function checkRepeat(set, columns, say) {
  let failures = 0;
  for (const [horizon, expected] of Object.entries(REPEAT[set])) {
    const all = repeatLast(columns, Number(horizon));
    const whole = repeatLast(columns, Number(horizon), 32);
    const ours = [all.mse, all.mae, whole.mse, whole.mae];
    const holds = ours.every((value, i) => value.toFixed(3) === expected[i].toFixed(3));
    if (!holds) failures += 1;
    const text = (values) => values.map((value) => value.toFixed(3)).join(' ');
    say(
      `${holds ? 'ok    ' : 'WRONG '} ${set} horizon ${horizon.padStart(3)}: repeat last, all windows ${text(ours.slice(0, 2))}, batches of 32 ${text(ours.slice(2))}; known ${text(expected.slice(0, 2))}, printed ${text(expected.slice(2))}`,
    );
  }
  return failures;
}

/** Runs everything; gives the number of failed checks and the figures. */
export async function checkLinear({ api, data, say }) {
  let failures = 0;
  const results = [];
  say('Scores are MSE MAE on columns standardised by their training rows.');
  const sets = Object.keys(REPEAT).map((set) => [set, readEtt(data, set)]);
  for (const [set, columns] of sets) failures += checkRepeat(set, columns, say);
  for (const [set, columns] of sets) {
    for (const type of ['NLinear', 'DLinear']) {
      const best = closedForm(trainPart(columns), INPUT_SIZE, HORIZON, type === 'NLinear');
      const bestTest = score(testPart(columns, INPUT_SIZE), INPUT_SIZE, HORIZON, best.forecast);
      const { train, test, seconds } = await trained(api, type, columns);
      const ratio = train.mse / best.trainMse;
      const holds = ratio <= MARGIN;
      if (!holds) failures += 1;
      const [mse, mae] = PUBLISHED[set][type];
      say(
        `${holds ? 'ok    ' : 'WRONG '} ${set} ${type} ${INPUT_SIZE} to ${HORIZON}: training MSE ${train.mse.toFixed(4)}, optimum ${best.trainMse.toFixed(4)} (+${((ratio - 1) * 100).toFixed(2)} %); test ${pair(test)}, optimum ${pair(bestTest)}, published ${mse.toFixed(3)} ${mae.toFixed(3)}; ${TRAINING.maxSteps} steps in ${seconds.toFixed(1)} s`,
      );
      results.push({ set, type, train, test, ratio, optimum: best.trainMse, bestTest, seconds });
    }
  }
  return { failures, results };
}
