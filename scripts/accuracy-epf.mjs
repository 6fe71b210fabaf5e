// Day-ahead electricity prices of five markets (Lago et al. 2021): the same networks with and without the load and
// generation that are forecast for the day to come. The last fifth of each set is the test, one forecast per day;
// errors in units of the standard deviation of the first seven tenths, as the literature has them.

import path from 'node:path';
import { MARKETS, readLines } from './accuracy-data.mjs';

const DAY = 24;
const INPUT_SIZE = 168;
const TRAINING = { maxSteps: 1000, windowsBatchSize: 256, scalerType: 'standard', randomSeed: 1 };
const MODELS = {
  NHITS: { ...TRAINING },
  MLP: { ...TRAINING, hiddenSize: 256 },
};

/** The price and the columns beside it, all of one market, stamped by their hours since the first. */
function readMarket(folder, market) {
  const file = path.join(folder, 'epf', `${market}.csv.gz`);
  const [header, ...lines] = readLines(file);
  const names = header.split(',').map((name) => name.trim());
  const rows = lines.map((line) => line.split(','));
  const column = (name) => Float64Array.from(rows, (cells) => Number(cells[names.indexOf(name)]));
  const exogenous = names.filter((name) => name !== 'date' && name !== 'OT');
  return {
    exogenous,
    table: {
      ds: Float64Array.from(rows.keys()),
      y: column('OT'),
      ...Object.fromEntries(exogenous.map((name) => [name, column(name)])),
    },
  };
}

function deviation(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}

async function scoreMarket(api, { exogenous, table }) {
  const rows = table.y.length;
  const days = Math.floor((0.2 * rows) / DAY);
  const models = Object.entries(MODELS).flatMap(([type, options]) => [
    { type, alias: `${type} alone`, options },
    { type, alias: type, options: { ...options, futrExog: exogenous } },
  ]);
  const forecaster = new api.NeuralForecast({
    frequency: 1,
    horizon: DAY,
    inputSize: INPUT_SIZE,
    localScaler: 'standard',
    models,
  });
  try {
    const backtest = await forecaster.crossValidation(table, {
      testSize: days * DAY,
      stepSize: DAY,
      valSize: Math.floor(0.1 * rows),
    });
    const scale = deviation(table.y.subarray(0, Math.floor(0.7 * rows)));
    const scores = api.evaluate(backtest, { metrics: ['mae', 'mse'] });
    return scores
      .toRecords()
      .map(({ model, mae, mse }) => ({ model, mae: mae / scale, mse: mse / scale ** 2 }));
  } finally {
    await forecaster.dispose();
  }
}

/** Runs everything; gives the number of failed checks and the figures. */
export async function checkEpf({ api, data, say }) {
  const results = {};
  let failures = 0;
  for (const market of MARKETS) {
    const started = performance.now();
    const scores = await scoreMarket(api, readMarket(data, market));
    results[market] = scores;
    for (const type of Object.keys(MODELS)) {
      const [alone, joint] = [`${type} alone`, type].map((name) =>
        scores.find(({ model }) => model === name),
      );
      const holds = joint.mae < alone.mae && joint.mse < alone.mse;
      if (!holds) failures += 1;
      const figures = ({ mse, mae }) => `MSE ${mse.toFixed(3)} MAE ${mae.toFixed(3)}`;
      say(
        `${holds ? 'ok    ' : 'WRONG '} ${market.padEnd(3)} ${type.padEnd(5)} ${figures(joint)}, without the columns ${figures(alone)}`,
      );
    }
    say(`       ${market}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return { failures, results };
}
