/** The command `cv`: forecasts of the last rows of a file from before them, scored. */

import { extname } from 'node:path';
import { type Context, columnFlags, defined, integerFlag, textFlag, threadsFlag } from './context';
import { newForecaster, transferFlags } from './fit';
import { type Flags, kebab } from './flags';
import { intervalsFlag, quantileFlags } from './intervals';
import { loadWithPanel } from './forecast';
import { type Panel, readPanel, readTables } from './panel';
import { progressBar } from './progress';
import { say, sayFiles, sayJson, UsageError } from './report';
import { sayScores, scoresOf } from './scores';
import { recordsOf, rowsOf, writeCsv } from './tables';

/** The flags that mean something where nothing is trained. */
const WITHOUT_TRAINING = new Set([
  ...['idColumn', 'timeColumn', 'targetColumn', 'separator', 'threads', 'json', 'quiet'],
  ...['windows', 'testSize', 'stepSize', 'horizon', 'seasonLength', 'output', 'statics'],
  ...['levels', 'quantiles'],
]);

/** `--step-size` is the distance of cutoffs here, so that the option of the training has another name. */
export const RENAMED = { stepSize: 'trainStepSize' };

const forTraining = ({ trainStepSize, stepSize: _, ...flags }: Flags): Flags => ({
  ...flags,
  ...(trainStepSize === undefined ? {} : { stepSize: trainStepSize }),
});

function checkTrainsNothing({ fromScratch, ...flags }: Flags): void {
  const given = Object.keys(flags).filter((name) => flags[name] !== undefined);
  const refused = given.find((name) => !WITHOUT_TRAINING.has(name));
  if (refused ?? fromScratch === false) {
    throw new UsageError(
      `--${kebab(refused ?? 'noFromScratch')}: a saved model is judged as it is; leave the flag out, or the model to train a new one`,
    );
  }
}

function refitFlag(flags: Flags): boolean | number | undefined {
  const { refit } = flags;
  return typeof refit === 'boolean' ? refit : integerFlag(flags, 'refit', 1);
}

/** The object to judge and the rows to judge it on. */
async function subjectOf(files: readonly string[], context: Context) {
  const { flags, signal } = context;
  const [first, second] = files as [string, string | undefined];
  const data = second ?? first;
  if (files.length > 2) {
    throw new UsageError(`received ${files.length} files, expected [model.safetensors] <data.csv>`);
  }
  if (extname(data) === '.safetensors') {
    throw new UsageError(`"${data}" is a model: name the data after it`);
  }
  if (second !== undefined) {
    checkTrainsNothing(flags);
    const { nf, panel } = await loadWithPanel(first, second, context);
    return { nf, panel: panel as Panel, useFitted: true };
  }
  const panel = await readPanel(data, columnFlags(flags), signal);
  const { nf } = newForecaster(panel, { ...context, flags: forTraining(flags) });
  return { nf, panel, useFitted: false };
}

async function crossValidate(files: readonly string[], context: Context) {
  const { flags, signal, json } = context;
  const horizon = integerFlag(flags, 'horizon', 1);
  const options = {
    stepSize: integerFlag(flags, 'stepSize', 1) ?? 1,
    ...defined({
      windows: integerFlag(flags, 'windows', 1),
      testSize: integerFlag(flags, 'testSize', 1),
      refit: refitFlag(flags),
      valSize: integerFlag(flags, 'valSize', 0),
      purge: integerFlag(flags, 'purge', 0),
      embargo: integerFlag(flags, 'embargo', 0),
      folds: integerFlag(flags, 'folds', 2),
      foldsOver: textFlag(flags, 'foldsOver') as 'series' | 'time' | undefined,
      checkpoint: textFlag(flags, 'checkpoint'),
    }),
    ...(flags.fromScratch === false ? { fromScratch: false } : {}),
    ...threadsFlag(flags),
    signal,
  };
  const { nf, panel, useFitted } = await subjectOf(files, context);
  const bar = progressBar(json || flags.quiet === true);
  const { statics } = await readTables(context, columnFlags(flags));
  const started = performance.now();
  try {
    const table = await nf.crossValidation(panel.columns, {
      ...options,
      ...defined({ statics }),
      // New models are trained for it.
      ...(useFitted
        ? { useFitted, ...defined({ horizon }) }
        : { ...intervalsFlag(flags), ...transferFlags(flags) }),
      ...(useFitted || flags.intervals !== undefined ? quantileFlags(flags) : {}),
      onProgress: bar.update,
    });
    return { table, panel, options, seconds: (performance.now() - started) / 1000 };
  } finally {
    bar.stop();
  }
}

/** `cv data.csv` trains models, `cv model.safetensors data.csv` judges a saved one. */
export async function runCrossValidation(
  files: readonly string[],
  context: Context,
): Promise<void> {
  const { flags, json, version } = context;
  const season = integerFlag(flags, 'seasonLength', 1);
  const { table, panel, options, seconds } = await crossValidate(files, context);
  const { frequency, horizon } = table;
  const scores = scoresOf(table, panel, frequency, season);
  const output = textFlag(flags, 'output');
  if (output !== undefined) await writeCsv(output, rowsOf(table));
  const written = output === undefined ? [] : [output];
  const [rows, series, forecasts] = [panel.rows, table.series.length, table.length / horizon];
  if (json) {
    // Cutoffs of a series: of all of them where some are too short for the first ones.
    const windows = Math.ceil(forecasts / series);
    const { stepSize } = options;
    const facts = { series, rows, frequency, horizon, windows, stepSize, forecasts, seconds };
    const results = {
      scores: scores.toRecords(),
      forecast: recordsOf(rowsOf(table)),
      files: written,
    };
    sayJson({ version, command: 'cv', ...facts, ...results });
    return;
  }
  say(`${rows} rows in ${series} series, frequency ${frequency}; `);
  say(
    `${forecasts} ${forecasts === 1 ? 'forecast' : 'forecasts'} of ${horizon} steps in ${seconds.toFixed(1)} s\n\n`,
  );
  sayScores('cross-validation', scores);
  sayFiles(written);
}
