// Whole pipelines against golden frames, through the package as a user sees it: read a CSV file, fit zero steps (which
// prepares everything that a fit prepares), import the reference's weights, predict, compare tables.

import fs from 'node:fs';
import path from 'node:path';

/** Largest error, as a part of the reference column's spread (largest minus smallest value). */
const TOLERANCE = 1e-5;

/** `n_head` → `nHead`, `MovingAvg_window` → `movingAvgWindow`. */
const camelCase = (name) =>
  name
    .replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());

/** Options whose names differ by more than their case. */
const OUR_NAMES = {
  level: 'levels',
  futr_exog_list: 'futrExog',
  hist_exog_list: 'histExog',
  stat_exog_list: 'statExog',
  cat_exog_list: 'catExog',
  categorical_cardinalities: 'catCardinalities',
};

/** The reference's options under our names. */
const ourOptions = ({ h: _, ...options }) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [OUR_NAMES[name] ?? camelCase(name), value]),
  );

function ourLoss(loss) {
  const [type, options = {}] = Array.isArray(loss) ? loss : [loss];
  return { type, options: ourOptions(options) };
}

/** Why a case cannot run with what the registry holds; undefined when it can. */
function unavailable(meta, registry) {
  const known = (list, name) => list.some((entry) => (entry.name ?? entry) === name);
  const model = registry.models.find(({ name }) => name === meta.model);
  if (!model) return `model ${meta.model} is not available yet`;
  const { type, options } = ourLoss(meta.loss);
  const loss = registry.losses.find(({ name }) => name === type);
  if (!loss) return `loss ${type} is not available yet`;
  const missing = Object.keys(options).find((name) => !known(loss.params, name));
  if (missing) return `option ${missing} of ${type} is not available yet`;
  if (meta.local_scaler && !known(registry.seriesScalers, meta.local_scaler)) {
    return `series scaler ${meta.local_scaler} is not available yet`;
  }
  const optionNames = [...model.params, ...registry.training, ...registry.common];
  const unknown = Object.keys(ourOptions(meta.config)).find((name) => !known(optionNames, name));
  if (unknown) return `option ${unknown} of ${meta.model} is not available yet`;
  return undefined;
}

/** A small CSV file of the fixtures as records; none of its cells is quoted. */
export function readTable(file) {
  const [header, ...lines] = fs.readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]));
  });
}

/** Records whose numbers are numbers, as in the frames of the reference. */
const typed = (records, texts) =>
  records.map((record) =>
    Object.fromEntries(
      Object.entries(record).map(([name, cell]) => [
        name,
        texts.includes(name) || Number.isNaN(Number(cell)) ? cell : Number(cell),
      ]),
    ),
  );
export const readStatics = (file) =>
  fs.existsSync(file) ? typed(readTable(file), ['unique_id']) : undefined;
export const readFuture = (file) => typed(readTable(file), ['unique_id', 'ds']);

const timeKey = (value) => {
  const text = value instanceof Date ? value.toISOString() : String(value);
  if (!/^\d{4}-\d\d/.test(text)) return text;
  const [date, time = '00:00:00'] = text.replace('Z', '').split(/[T ]/);
  return String(Date.parse(`${date.length === 7 ? `${date}-01` : date}T${time}Z`));
};
const rowKey = ({ unique_id, cutoff = '', ds }) =>
  [unique_id, timeKey(cutoff), timeKey(ds)].join('\0');

/** Compares our records with the reference's rows, column by column. */
export function compare(records, rows, columns) {
  const byKey = new Map(records.map((record) => [rowKey(record), record]));
  let error = 0;
  let where = '';
  for (const column of columns) {
    const values = rows.map((row) => Number(row[column]));
    const spread = Math.max(...values) - Math.min(...values) || 1;
    rows.forEach((row, i) => {
      const ours = byKey.get(rowKey(row))?.[column];
      const difference = Math.abs(Number(ours ?? Number.NaN) - values[i]) / spread;
      if (!(difference <= error)) {
        error = difference;
        where = `${column} of ${row.unique_id} at ${row.ds}`;
      }
    });
  }
  return { error, where };
}

export const check = (name, { error, where }) => ({ name, error, limit: TOLERANCE, where });

async function runCase(folder, meta, api) {
  const { h, input_size: inputSize, ...config } = meta.config;
  const panel = await api.readCsv(path.join(folder, 'df.csv'));
  const statics = readStatics(path.join(folder, 'static.csv'));
  const futureFile = path.join(folder, 'futr.csv');
  const future = fs.existsSync(futureFile) ? readFuture(futureFile) : undefined;
  const forecaster = new api.NeuralForecast({
    ...(typeof meta.freq === 'string' ? { frequency: meta.freq } : {}),
    ...(meta.local_scaler ? { localScaler: meta.local_scaler } : {}),
    horizon: h,
    inputSize,
    compat: 'neuralforecast',
    models: [
      {
        type: meta.model,
        options: { ...ourOptions(config), loss: ourLoss(meta.loss), maxSteps: 0 },
      },
    ],
  });
  try {
    await forecaster.fit(panel, { statics });
    const [{ alias }] = forecaster.info().models;
    await forecaster.loadWeights(alias, path.join(folder, 'weights.safetensors'));

    const checks = [];
    const problems = [];
    const rows = readTable(path.join(folder, 'predict.csv'));
    const columns = Object.keys(rows[0]).filter((name) => name !== 'unique_id' && name !== 'ds');
    const compareTable = (name, table, expected) => {
      const records = table.toRecords();
      if (records.length !== expected.length) {
        problems.push(`${name}: ${records.length} rows, expected ${expected.length}`);
      }
      checks.push(check(name, compare(records, expected, columns)));
    };
    const sampled = meta.sampled?.length > 0;
    if (sampled) problems.push('sampled columns are compared as exact ones');
    if (forecaster.columns.join() !== columns.join()) {
      problems.push(`columns ${forecaster.columns.join(', ')}, expected ${columns.join(', ')}`);
    }
    const horizon = meta.predict_h ?? h;
    compareTable('predict', await forecaster.predict(null, { horizon, future }), rows);
    const cv = path.join(folder, 'cv.csv');
    if (fs.existsSync(cv)) {
      const { n_windows: windows, step_size: stepSize } = meta.cross_validation;
      const options = { windows, stepSize, statics, useFitted: true };
      const table = await forecaster.crossValidation(panel, options);
      compareTable('cross-validation', table, readTable(cv));
    }
    return { checks, problems };
  } finally {
    await forecaster.dispose();
  }
}

/** Outcomes of every case folder of `root`, in the form that nd_parity prints. */
export async function* runPipelines(root, filter, api) {
  if (!fs.existsSync(root)) return;
  const registry = api.registry();
  for (const name of fs.readdirSync(root).sort()) {
    const description = path.join(root, name, 'case.json');
    if (!fs.existsSync(description)) continue;
    if (!`pipeline/${name}`.toLowerCase().includes(filter.toLowerCase())) continue;
    const outcome = {
      folder: 'pipeline',
      name,
      status: 'skipped',
      checks: [],
      problems: [],
      leftOut: [],
    };
    try {
      const meta = JSON.parse(fs.readFileSync(description, 'utf8'));
      const reason = unavailable(meta, registry);
      if (reason) outcome.leftOut.push(reason);
      else Object.assign(outcome, await runCase(path.join(root, name), meta, api));
    } catch (error) {
      outcome.problems.push(error.message);
    }
    const holds = outcome.checks.every(({ error, limit }) => error <= limit);
    if (outcome.problems.length > 0 || !holds) outcome.status = 'failed';
    else if (outcome.checks.length > 0) outcome.status = 'passed';
    yield outcome;
  }
}
