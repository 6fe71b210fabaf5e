/** Training from a CSV file, for the commands that train; and the command `fit`. */

import type {
  FitOptions,
  FitResult,
  GradientWarning,
  NeuralForecastOptions,
} from '../../types/index';
import { NeuralForecast } from '../index';
import {
  type Context,
  columnFlags,
  defined,
  integerFlag,
  numberFlag,
  textFlag,
  threadsFlag,
} from './context';
import { modelsFrom } from './flags';
import { intervalsFlag } from './intervals';
import { type Panel, readPanel, readTables } from './panel';
import { progressBar } from './progress';
import { writeHistory } from './tables';
import { formatNumber, say, sayFiles, sayJson, UsageError } from './report';

export interface FitOutcome {
  readonly nf: NeuralForecast;
  readonly fit: FitResult;
  readonly horizon: number;
  readonly seconds: number;
}

/** The models of the flags, not yet trained, for tables with the columns of `panel`. */
export function newForecaster(
  panel: Panel,
  { flags, registry }: Context,
  defaultHorizon?: number,
): { nf: NeuralForecast; horizon: number } {
  const horizon = integerFlag(flags, 'horizon', 1) ?? defaultHorizon;
  if (horizon === undefined) {
    throw new UsageError('--horizon is missing: how many steps to forecast');
  }
  const { idColumn, ...names } = panel.names;
  const nf = new NeuralForecast({
    ...names,
    // A name that is given must be there; without such a column the table is one series.
    ...(idColumn in panel.columns ? { idColumn } : {}),
    ...defined({
      frequency: textFlag(flags, 'frequency'),
      timeZone: textFlag(flags, 'timeZone'),
      localScaler: textFlag(flags, 'localScaler') as NeuralForecastOptions['localScaler'],
      localStaticScaler: textFlag(
        flags,
        'localStaticScaler',
      ) as NeuralForecastOptions['localStaticScaler'],
      missing: textFlag(flags, 'missing') as NeuralForecastOptions['missing'],
      unseenCategory: textFlag(flags, 'unseenCategory') as NeuralForecastOptions['unseenCategory'],
      sampleWeight: textFlag(flags, 'sampleWeight'),
      compat: textFlag(flags, 'compat') as NeuralForecastOptions['compat'],
      inputSize: integerFlag(flags, 'inputSize', -1),
    }),
    horizon,
    models: modelsFrom(registry(), flags),
  });
  return { nf, horizon };
}

/** Checkpoints, resuming and the time budget, for the command `fit`. */
function longRunFlags(flags: Context['flags']): FitOptions {
  const path = textFlag(flags, 'checkpoint');
  const everySteps = integerFlag(flags, 'checkpointEvery', 1);
  for (const [flag, given] of [
    ['--resume', flags.resume === true],
    ['--checkpoint-every', everySteps !== undefined],
  ] as const) {
    if (given && path === undefined) throw new UsageError(`${flag} needs --checkpoint`);
  }
  const seconds = integerFlag(flags, 'timeBudget', 1);
  return defined({
    checkpoint: path === undefined ? undefined : { path, ...defined({ everySteps }) },
    resume: flags.resume === true ? true : undefined,
    timeBudgetMs: seconds === undefined ? undefined : seconds * 1000,
  });
}

/** Weights to begin from, and those that stay, for the commands `fit` and `cv`. */
export function transferFlags(
  flags: Context['flags'],
): Pick<FitOptions, 'initialWeights' | 'freeze'> {
  const list = (name: string) => textFlag(flags, name)?.split(',');
  const from = textFlag(flags, 'initialWeights');
  const weights = list('takeWeights');
  if (weights && from === undefined) throw new UsageError('--take-weights needs --initial-weights');
  return defined({
    initialWeights: from !== undefined && weights ? { from, weights } : from,
    freeze: list('freeze'),
  });
}

/** A teacher, for the command `fit`. */
async function distillFlags({ flags, signal }: Context): Promise<FitOptions> {
  const path = textFlag(flags, 'teacher');
  const model = textFlag(flags, 'teacherModel');
  const weight = numberFlag(flags, 'distillWeight');
  if (path === undefined) {
    if (model !== undefined) throw new UsageError('--teacher-model needs --teacher');
    if (weight !== undefined) throw new UsageError('--distill-weight needs --teacher');
    return {};
  }
  const teacher = await NeuralForecast.load(path, { signal });
  return { distill: { teacher, ...defined({ model, weight }) } };
}

/** Trains the models of the flags on a panel. */
export async function fitPanel(
  panel: Panel,
  context: Context,
  defaultHorizon?: number,
  more: FitOptions = {},
): Promise<FitOutcome> {
  const { flags, signal, json } = context;
  const { nf, horizon } = newForecaster(panel, context, defaultHorizon);
  const bar = progressBar(json || flags.quiet === true);
  const { statics } = await readTables(context, columnFlags(flags));
  const options: FitOptions = {
    ...threadsFlag(flags),
    ...defined({ statics }),
    ...intervalsFlag(flags),
    ...defined({ valSize: integerFlag(flags, 'valSize', 0) }),
    ...more,
    signal,
    onProgress: bar.update,
  };
  const started = performance.now();
  try {
    const fit = await nf.fit(panel.columns, options);
    return { nf, fit, horizon, seconds: (performance.now() - started) / 1000 };
  } finally {
    bar.stop();
  }
}

/** How a fit went, for `--json`. */
export function fitSummary({
  fit: { series, rows, frequency, models },
  horizon,
  seconds,
}: FitOutcome) {
  return {
    series,
    rows,
    frequency,
    horizon,
    seconds,
    models: models.map(
      ({ trainHistory: _, validHistory: __, learningRates: ___, gradients, ...model }) => ({
        ...model,
        ...(gradients ? { gradientWarnings: gradients.warnings } : {}),
      }),
    ),
  };
}

/** What a warning says, for people. */
function warningText({ weight, kind, firstStep, lastStep, steps, norm }: GradientWarning): string {
  const when =
    steps === 1 ? `at step ${firstStep}` : `at ${steps} steps from ${firstStep} to ${lastStep}`;
  const worst = norm === null ? 'not finite' : formatNumber(norm);
  return `the gradient of ${weight} is ${kind} ${when}: norm ${worst}`;
}

/** How a fit went, for people. */
export function sayFit(outcome: FitOutcome): void {
  const { series, rows, frequency, models, seconds } = fitSummary(outcome);
  say(
    `${rows} rows in ${series} series, frequency ${frequency}; fitted in ${seconds.toFixed(1)} s\n`,
  );
  for (const model of models) {
    const { alias, steps, trainLoss, validLoss, stoppedEarly, outOfTime } = model;
    const why = stoppedEarly ? ' (stopped early)' : outOfTime ? ' (time was up)' : '';
    const losses = [`loss ${formatNumber(trainLoss ?? Number.NaN)}`];
    if (validLoss !== null) losses.push(`validation ${formatNumber(validLoss)}`);
    say(`  ${alias}: ${steps} steps${why}, ${losses.join(', ')}\n`);
    for (const warning of model.gradientWarnings ?? []) say(`    ${warningText(warning)}\n`);
  }
}

/** `fit data.csv --output model.safetensors`. */
export async function runFit(file: string, context: Context): Promise<void> {
  const { flags, signal, version } = context;
  const output = textFlag(flags, 'output') as string;
  const panel = await readPanel(file, columnFlags(flags), signal);
  const outcome = await fitPanel(panel, context, undefined, {
    ...longRunFlags(flags),
    ...transferFlags(flags),
    ...(flags.monitorGradients === true ? { monitorGradients: true } : {}),
    ...(await distillFlags(context)),
  });
  await outcome.nf.save(output, { includeData: flags.data !== false, signal });
  const files = [output];
  const history = textFlag(flags, 'history');
  if (history !== undefined) {
    await writeHistory(history, outcome.nf.history());
    files.push(history);
  }
  if (context.json) {
    sayJson({ version, command: 'fit', fit: fitSummary(outcome), files });
    return;
  }
  sayFit(outcome);
  sayFiles(files);
}
