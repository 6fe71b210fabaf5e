// How often intervals of 80 % and 95 % contain the truth, by cross-validation on real data: M4 weekly, ETTh1 and electricity
// prices. Conformal intervals must be within two points, the adaptive ones also where the errors suddenly grow; what the
// models themselves promise is shown beside them.

import path from 'node:path';
import { MARKETS, readLines, readM4 } from './accuracy-data.mjs';

const LEVELS = [80, 95];
const TOLERANCE = 2;

/** Series by name as a panel with integer time. */
function panelOf(series) {
  const panel = { unique_id: [], ds: [], y: [] };
  for (const [name, values] of Object.entries(series)) {
    for (let t = 0; t < values.length; t++) {
      panel.unique_id.push(name);
      panel.ds.push(t);
      panel.y.push(values[t]);
    }
  }
  return panel;
}

function readWeekly(folder) {
  const test = readM4(folder, 'Weekly-test.csv');
  const all = readM4(folder, 'Weekly-train.csv.gz').map(({ id, values }, s) => [
    id,
    [...values, ...test[s].values],
  ]);
  return Object.fromEntries(all);
}

function readColumns(file, names, rows) {
  const [header, ...lines] = readLines(file);
  const columns = header.split(',').map((cell) => cell.trim());
  const kept = lines.slice(-rows).map((line) => line.split(','));
  return Object.fromEntries(
    names.map((name) => [name, kept.map((cells) => Number(cells[columns.indexOf(name)]))]),
  );
}

const readEtt = (folder) =>
  readColumns(
    path.join(folder, 'ett', 'ETTh1.csv.gz'),
    ['HUFL', 'HULL', 'MUFL', 'MULL', 'LUFL', 'LULL', 'OT'],
    17_420,
  );

function readPrices(folder) {
  const read = (name) =>
    readColumns(path.join(folder, 'epf', `${name}.csv.gz`), ['OT'], 3 * 8760).OT;
  return Object.fromEntries(MARKETS.map((name) => [name, read(name)]));
}

/** Errors of three times the size in the second half of what is forecast. */
function shifted(series, rows) {
  const shift = (values) => {
    const begin = values.length - rows / 2;
    return values.map((v, t) => (t < begin ? v : v + 2 * (v - values[t - 24 * 7])));
  };
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [name, shift(values)]));
}

const WEEKLY = {
  horizon: 13,
  inputSize: 26,
  validation: { windows: 4, stepSize: 13, refit: 1 },
  intervals: { windows: 20, pooled: true },
};
/** A forecast at every midnight of `days`, calibrated anew every other week on as many days before. */
const daily = (days) => ({
  horizon: 24,
  inputSize: 168,
  validation: { windows: days, stepSize: 24, refit: 14 },
  intervals: { windows: days, stepSize: 24 },
});
const PRICE_DAYS = 364;

const SETS = {
  'M4 weekly': { read: readWeekly, ...WEEKLY, methods: ['error', 'distribution'] },
  ETTh1: { read: readEtt, ...daily(168), methods: ['error', 'distribution', 'adaptive'] },
  'EPF prices': {
    read: readPrices,
    ...daily(PRICE_DAYS),
    methods: ['error', 'distribution', 'adaptive'],
    // Prices became more volatile from one year to the next: for radii that stay, errors of a year ago say too little.
    recent: 56,
  },
  'EPF prices, errors tripled half way': {
    read: (folder) => shifted(readPrices(folder), PRICE_DAYS * 24),
    ...daily(PRICE_DAYS),
    methods: ['error', 'adaptive'],
    promised: ['adaptive'],
  },
};

function models({ nlinear, mqLoss, distributionLoss }) {
  const common = { maxSteps: 200, learningRate: 1e-3, scalerType: 'robust', windowsBatchSize: 256 };
  return [
    nlinear({ ...common, alias: 'point' }),
    nlinear({ ...common, alias: 'quantiles', loss: mqLoss({ levels: LEVELS }) }),
    nlinear({
      ...common,
      alias: 'distribution',
      loss: distributionLoss({ distribution: 'StudentT', levels: LEVELS }),
    }),
  ];
}

async function coverage(api, set, series, method) {
  const { horizon, inputSize, validation, intervals, recent } = set;
  const windows = (method !== 'adaptive' && recent) || intervals.windows;
  const all = models(api);
  const forecaster = new api.NeuralForecast({
    horizon,
    inputSize,
    models: method === 'none' ? all.slice(1) : all,
  });
  try {
    const table = await forecaster.crossValidation(panelOf(series), {
      ...validation,
      levels: LEVELS,
      ...(method === 'none' ? {} : { intervals: { ...intervals, windows, method } }),
    });
    return api.evaluate(table, { metrics: 'coverage' }).toRecords();
  } finally {
    await forecaster.dispose();
  }
}

/** Runs everything; gives the number of failed checks and the figures. */
export async function checkCalibration({ api, data, say }) {
  let failures = 0;
  const results = [];
  for (const [name, set] of Object.entries(SETS)) {
    const series = set.read(data);
    say(`${name}: coverage of 80 % and 95 % intervals`);
    for (const method of ['none', ...set.methods]) {
      const promised = (set.promised ?? set.methods).includes(method);
      for (const record of await coverage(api, set, series, method)) {
        const found = LEVELS.map((level) => record[`coverage-${level}`]);
        const holds = found.every((value, i) => Math.abs(value - LEVELS[i]) <= TOLERANCE);
        if (promised && !holds) failures += 1;
        const verdict = promised ? (holds ? 'ok    ' : 'WRONG ') : '      ';
        const kind = method === 'none' ? 'its own' : method;
        const numbers = found.map((value) => value.toFixed(1).padStart(5)).join(' ');
        say(`${verdict} ${kind.padEnd(13)} ${record.model.padEnd(13)} ${numbers}`);
        results.push({ set: name, method, model: record.model, coverage: found, promised });
      }
    }
  }
  return { failures, results };
}
