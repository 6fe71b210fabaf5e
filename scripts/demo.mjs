// `npm run demo`: from a clean clone to a forecast that one can look at. Sets up and builds what is missing, then fits
// NHITS and NBEATS on the airline passengers with the last 12 months held out.
//   node scripts/demo.mjs [--update-docs]   (also renews docs/images/air-passengers.svg)

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { build } from './build.mjs';
import { setUp } from './setup.mjs';
import { at, fail, isProgram } from './support.mjs';

// Nothing else runs in this process, so the fit need not yield (docs/concepts.md, Threads).
process.env.ND_PRIORITY ??= 'normal';

const HOLDOUT = 12;
// The settings of the reference's own runs on this split, but 36 months of input instead of 24.
const TRAINING = { maxSteps: 300, windowsBatchSize: 64, scalerType: 'robust', randomSeed: 1 };

const say = (line = '') => process.stdout.write(`${line}\n`);

/** Runs `work` and gives back its result and how long it took, in seconds. */
async function timed(work) {
  const started = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - started) / 1000 };
}

/** The rows [from, to) of an object of columns. */
const slice = (columns, from, to) =>
  Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, column.slice(from, to)]),
  );

/** MAE in thousands of passengers, sMAPE in percent of 0 … 200. */
function scoresOf(actual, forecast) {
  const mean = (term) =>
    actual.reduce((sum, y, i) => sum + term(y, forecast[i]), 0) / actual.length;
  const mae = mean((y, f) => Math.abs(y - f));
  const smape = 100 * mean((y, f) => (2 * Math.abs(y - f)) / (Math.abs(y) + Math.abs(f)));
  return { mae, smape };
}

function printTable(header, rows) {
  const cells = [
    header,
    ...rows.map((row) => row.map((c) => (typeof c === 'number' ? c.toFixed(2) : c))),
  ];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  for (const row of cells) {
    say(
      `  ${row.map((c, i) => (i === 0 ? c.padEnd(widths[i]) : c.padStart(widths[i]))).join('  ')}`,
    );
  }
}

async function demo({ updateDocs }) {
  const { seconds: setUpTime } = await timed(() => setUp({ quiet: true }));
  if (!fs.existsSync(at('build', 'release', 'build.ninja'))) {
    say('building the engine, which takes some minutes the first time');
  }
  const { seconds: buildTime } = await timed(() => build({ target: 'addon', quiet: true }));
  say(`set-up ${setUpTime.toFixed(1)} s, build ${buildTime.toFixed(1)} s`);

  const require = createRequire(import.meta.url);
  const { NeuralForecast, nbeats, nhits, readCsv, runtimeInfo } = require(at('dist', 'index.js'));
  const { plotForecast } = require(at('dist', 'plot.js'));
  const { version, target, threads } = runtimeInfo();
  say(
    `neuro-divergent ${version}, ${target} kernels, ${threads} ${threads === 1 ? 'thread' : 'threads'}\n`,
  );

  const panel = await readCsv(at('examples', 'data', 'air-passengers.csv'));
  const months = panel.y.length;
  const history = slice(panel, 0, months - HOLDOUT);
  const holdout = slice(panel, months - HOLDOUT, months);

  say(`airline passengers: ${months - HOLDOUT} months to learn from, ${HOLDOUT} held out`);
  const nf = new NeuralForecast({
    frequency: 'MS',
    horizon: HOLDOUT,
    inputSize: 36,
    models: [nhits(TRAINING), nbeats(TRAINING)],
  });
  const { result: fit, seconds: fitTime } = await timed(() => nf.fit(history));
  for (const { alias, steps, trainLoss } of fit.models) {
    say(`  ${alias}: ${steps} steps, training loss ${trainLoss.toFixed(4)}`);
  }
  say(`fitted in ${fitTime.toFixed(1)} s\n`);

  const forecast = await nf.predict();
  const models = forecast.modelColumns.map((name) => ({ name, values: forecast.column(name) }));
  const actual = Array.from(holdout.y);
  say('thousands of passengers');
  printTable(
    ['month', 'actual', ...models.map(({ name }) => name)],
    actual.map((y, i) => [forecast.ds[i].slice(0, 7), y, ...models.map(({ values }) => values[i])]),
  );

  // What a forecast has to beat: the same month of the year before.
  const naive = Array.from(history.y.slice(-HOLDOUT));
  const scores = [...models, { name: 'seasonal naive', values: naive }].map(({ name, values }) => {
    const { mae, smape } = scoresOf(actual, values);
    return [name, mae, smape];
  });
  say();
  printTable(['on the held-out year', 'MAE', 'sMAPE %'], scores);

  const output = at('examples', 'output');
  fs.mkdirSync(output, { recursive: true });
  const plot = plotForecast({
    history,
    holdout,
    forecast,
    title: 'Airline passengers',
    subtitle: `Thousands per month; the last ${HOLDOUT} months were held out`,
    maxHistory: 60,
  });
  const files = ['air-passengers.html', 'air-passengers.svg'].map((name) => `${output}/${name}`);
  if (updateDocs) {
    fs.mkdirSync(at('docs', 'images'), { recursive: true });
    files.push(at('docs', 'images', 'air-passengers.svg'));
  }
  for (const file of files) await plot.save(file, { width: 900, height: 380 });
  say();
  for (const file of files) say(`wrote ${file}`);
  await nf.dispose();
}

if (isProgram(import.meta.filename)) {
  try {
    await demo({ updateDocs: process.argv.includes('--update-docs') });
  } catch (error) {
    fail(`demo: ${error.number ? `error ${error.number}: ` : ''}${error.message}`);
  }
}
