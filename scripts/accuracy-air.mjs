// Five seeds of the five models on the airline passengers, the last 12 months held out: the mean absolute error of each
// model beside the range that the reference reaches with the same options.

import { at } from './support.mjs';

const HORIZON = 12;
const SEEDS = [1, 2, 3, 4, 5];
const OPTIONS = { maxSteps: 300, windowsBatchSize: 64, scalerType: 'robust' };

/** Learning rate and the reference's smallest and largest error over seeds. */
const MODELS = {
  MLP: { learningRate: 1e-3, range: [9.9, 20.2] },
  NBEATS: { learningRate: 1e-3, range: [12.0, 15.8] },
  NHITS: { learningRate: 1e-3, range: [14.6, 20.2] },
  DLinear: { learningRate: 1e-2, range: [19.9, 25.3] },
  NLinear: { learningRate: 1e-2, range: [22.3, 24.5] },
};

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

async function heldOutError(api, panel, type, options) {
  const rows = panel.y.length - HORIZON;
  const known = Object.fromEntries(
    Object.entries(panel).map(([name, column]) => [name, column.slice(0, rows)]),
  );
  const forecaster = new api.NeuralForecast({
    frequency: 'MS',
    horizon: HORIZON,
    inputSize: 24,
    models: [{ type, options }],
  });
  try {
    await forecaster.fit(known);
    const records = (await forecaster.predict()).toRecords();
    return mean(records.map((record, k) => Math.abs(record[type] - panel.y[rows + k])));
  } finally {
    await forecaster.dispose();
  }
}

/** Runs everything; gives the number of failed checks and the figures. */
export async function checkAir({ api, say }) {
  const panel = await api.readCsv(at('examples', 'data', 'air-passengers.csv'));
  let failures = 0;
  const results = [];
  say(
    `Mean absolute error over the last ${HORIZON} months, ${SEEDS.length} seeds each; the seasonal naive has 47.83.`,
  );
  for (const [type, { learningRate, range }] of Object.entries(MODELS)) {
    const errors = [];
    for (const randomSeed of SEEDS) {
      errors.push(await heldOutError(api, panel, type, { ...OPTIONS, learningRate, randomSeed }));
    }
    const average = mean(errors);
    const holds = average <= range[1];
    if (!holds) failures += 1;
    say(
      `${holds ? 'ok    ' : 'WRONG '} ${type.padEnd(7)} mean ${average.toFixed(2)} (${errors.map((error) => error.toFixed(2)).join(', ')}), reference ${range[0].toFixed(1)} to ${range[1].toFixed(1)}`,
    );
    results.push({ type, mean: average, errors, range });
  }
  return { failures, results };
}
