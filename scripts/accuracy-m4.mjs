// The weekly and hourly series of the M4 competition (Makridakis, Spiliotis and Assimakopoulos 2020): an ensemble of
// small networks, one fit each over all series of a frequency, beside the official table of results.

import path from 'node:path';
import { readLines, readM4 } from './accuracy-data.mjs';

/** Steps of history per series that networks learn from: what is older says little about the end. */
const RECENT = 30;

const COMMON = { scalerType: 'minmax1', windowsBatchSize: 256, batchSize: 32 };

/**
 * Members differ in how far they look back: `lookbacks` in horizons. Chosen by the last horizon of the training rows: counts
 * of vehicles that are 10 by night and thousands by day, which are most of the hourly series, want a Box-Cox scale.
 */
const FREQUENCIES = {
  Weekly: {
    horizon: 13,
    season: 1,
    lookbacks: [2, 3, 4, 5, 6],
    model: {
      type: 'NBEATS',
      options: { ...COMMON, stackTypes: ['identity', 'identity', 'identity'], maxSteps: 500 },
    },
  },
  Hourly: {
    horizon: 48,
    season: 24,
    lookbacks: [5, 6, 7, 8, 9],
    localScaler: 'boxcox',
    model: { type: 'NHITS', options: { ...COMMON, scalerType: 'standard', maxSteps: 1500 } },
  },
};

/** The last `most` rows of every series as a table, stamped by their places. */
function tableOf(series, first = () => 0, most = Number.POSITIVE_INFINITY) {
  const table = { unique_id: [], ds: [], y: [] };
  series.forEach(({ id, values }, s) => {
    for (let i = Math.max(0, values.length - most); i < values.length; i++) {
      table.unique_id.push(id);
      table.ds.push(first(s) + i);
      table.y.push(values[i]);
    }
  });
  return table;
}

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

async function forecastOf(api, panel, { horizon, localScaler, model }, lookback, randomSeed) {
  const forecaster = new api.NeuralForecast({
    frequency: 1,
    horizon,
    localScaler,
    inputSize: lookback * horizon,
    models: [{ ...model, options: { ...model.options, randomSeed } }],
  });
  try {
    await forecaster.fit(panel);
    return await forecaster.predict();
  } finally {
    await forecaster.dispose();
  }
}

async function scores(api, folder, name, say) {
  const frequency = FREQUENCIES[name];
  const { horizon, season, lookbacks } = frequency;
  const train = readM4(folder, `${name}-train.csv.gz`);
  const test = readM4(folder, `${name}-test.csv`);
  const panel = tableOf(train, undefined, RECENT * horizon);
  const actual = tableOf(test, (s) => train[s].values.length);
  const members = [];
  for (const [i, lookback] of lookbacks.entries()) {
    const started = performance.now();
    const table = await forecastOf(api, panel, frequency, lookback, i + 1);
    members.push([...table.column(frequency.model.type)]);
    say(
      `       ${name}, ${lookback * horizon} steps back: ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
  }
  const columns = Object.fromEntries(lookbacks.map((l, m) => [`${l}H`, members[m]]));
  const ensemble = actual.y.map((_, row) => Math.max(0, median(members.map((m) => m[row]))));
  const result = api.evaluate(
    { ...actual, ...columns, ensemble },
    {
      train: tableOf(train),
      seasonality: season,
      metrics: ['smape', 'mase', 'owa'],
      benchmark: 'Naive2',
      baselines: 'Naive2',
    },
  );
  return result.toRecords();
}

/** The column of a metric in the official table, by name of the method, best first. */
function officialScores(folder, column) {
  const file = path.join(folder, 'm4', 'M4_official_results.csv');
  const [header, ...lines] = readLines(file);
  const at = header.split(',').indexOf(column);
  return lines
    .map((line) => line.split(','))
    .filter((cells) => cells[at] !== '')
    .map((cells) => ({ name: cells[1], value: Number(cells[at]) }))
    .sort((a, b) => a.value - b.value);
}

/** Runs everything; gives the number of failed checks and the figures. */
export async function checkM4({ api, data, say }) {
  const results = {};
  let failures = 0;
  for (const name of Object.keys(FREQUENCIES)) {
    const records = await scores(api, data, name, say);
    results[name] = records;
    for (const { model, smape, mase, owa } of records) {
      say(
        `       ${model.padEnd(9)} sMAPE ${smape.toFixed(3)}  MASE ${mase.toFixed(3)}  OWA ${owa.toFixed(3)}`,
      );
    }
    const { owa } = records.find(({ model }) => model === 'ensemble');
    const official = officialScores(data, `OWA_${name}`);
    const place = official.filter(({ value }) => value < owa).length + 1;
    const holds = place <= 5;
    if (!holds) failures += 1;
    const best = official.slice(0, 5).map(({ value }) => value.toFixed(3));
    say(
      `${holds ? 'ok    ' : 'WRONG '} ${name}: OWA ${owa.toFixed(3)} would be number ${place} of ${official.length + 1}; the first five: ${best.join(', ')}`,
    );
  }
  return { failures, results };
}
