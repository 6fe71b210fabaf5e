// Checkpoints that NeuralForecast saved, beside the frames that it forecasts from: import, predict, compare.
//   DIR/<case>/checkpoint/…  df.csv  [static.csv] [futr.csv]  predict.csv

import fs from 'node:fs';
import path from 'node:path';
import { check, compare, readFuture, readStatics, readTable } from './parity-pipeline.mjs';

/** How E0006 says that a checkpoint needs what is still missing here. */
const MISSING = /: (holds .*), which this version does not have$/;

async function runCase(folder, api) {
  const file = (name) => path.join(folder, name);
  const forecaster = await api.NeuralForecast.importCheckpoint(file('checkpoint'));
  try {
    const panel = await api.readCsv(file('df.csv'));
    const statics = readStatics(file('static.csv'));
    const future = fs.existsSync(file('futr.csv')) ? readFuture(file('futr.csv')) : undefined;
    const table = await forecaster.predict(panel, { statics, future });
    const rows = readTable(file('predict.csv'));
    const columns = Object.keys(rows[0]).filter((name) => name !== 'unique_id' && name !== 'ds');
    const records = table.toRecords();
    const problems = [];
    if (records.length !== rows.length)
      problems.push(`${records.length} rows, expected ${rows.length}`);
    if ([...forecaster.columns].sort().join() !== [...columns].sort().join())
      problems.push(`columns ${forecaster.columns.join(', ')}, expected ${columns.join(', ')}`);
    return { checks: [check('predict', compare(records, rows, columns))], problems };
  } finally {
    await forecaster.dispose();
  }
}

/** Outcomes of every case folder of `root`, in the form that nd_parity prints. */
export async function* runCheckpoints(root, filter, api) {
  for (const name of fs.readdirSync(root).sort()) {
    if (!fs.existsSync(path.join(root, name, 'checkpoint'))) continue;
    if (!`checkpoints/${name}`.toLowerCase().includes(filter.toLowerCase())) continue;
    const outcome = { folder: path.basename(root), name, checks: [], problems: [], leftOut: [] };
    try {
      Object.assign(outcome, await runCase(path.join(root, name), api));
    } catch (error) {
      const missing = error.code === 'ERR_ND_FILE' && MISSING.exec(error.message);
      if (missing) outcome.leftOut.push(missing[1]);
      else outcome.problems.push(error.message);
    }
    const holds = outcome.checks.every(({ error, limit }) => error <= limit);
    const failed = outcome.problems.length > 0 || !holds;
    yield {
      ...outcome,
      status: failed ? 'failed' : outcome.checks.length > 0 ? 'passed' : 'skipped',
    };
  }
}
