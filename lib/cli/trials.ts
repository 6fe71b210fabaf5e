/** The commands `find-learning-rate`, `find-batch-size` and `check-one-batch`: what to ask before a long fit. */

import type {
  BatchSizeResult,
  LearningRateCurve,
  OneBatchResult,
  TrialOptions,
} from '../../types/index';
import type { NeuralForecast } from '../index';
import {
  type Context,
  columnFlags,
  defined,
  integerFlag,
  numberFlag,
  threadsFlag,
} from './context';
import { newForecaster } from './fit';
import { writeOutput } from './forecast';
import { type Columns, readPanel, readTables } from './panel';
import { progressBar } from './progress';
import {
  type Cell,
  formatBytes,
  formatNumber,
  formatTable,
  Reported,
  say,
  sayFiles,
  sayJson,
} from './report';

/** What one of the commands does and says. */
interface Trial<Result> {
  readonly command: string;
  readonly run: (nf: NeuralForecast, panel: Columns, options: TrialOptions) => Promise<Result>;
  /** Columns of `--output` beside the model. */
  readonly measured: readonly string[];
  /** Rows of these. */
  readonly rowsOf: (result: Result) => readonly (readonly Cell[])[];
  /** For people. */
  readonly tell: (results: readonly Result[]) => string;
}

/** Tries every model of the flags, one after the other, each by itself. */
async function tryModels<Result extends { readonly model: string }>(
  file: string,
  context: Context,
  trial: Trial<Result>,
): Promise<readonly Result[]> {
  const { flags, signal, json, version } = context;
  const panel = await readPanel(file, columnFlags(flags), signal);
  const { nf } = newForecaster(panel, context);
  const { statics } = await readTables(context, columnFlags(flags));
  const bar = progressBar(json || flags.quiet === true);
  const options = {
    ...threadsFlag(flags),
    ...defined({ statics }),
    signal,
    onProgress: bar.update,
  };
  const results: Result[] = [];
  try {
    for (const { alias: model } of nf.info().models) {
      results.push(await trial.run(nf, panel.columns, { ...options, model }));
    }
  } finally {
    bar.stop();
  }
  const rows = results.flatMap((result) =>
    trial.rowsOf(result).map((row) => [result.model, ...row]),
  );
  const files = await writeOutput(flags, { header: ['model', ...trial.measured], rows });
  if (json) {
    sayJson({ version, command: trial.command, rows: panel.rows, results, files });
  } else {
    say(trial.tell(results));
    sayFiles(files);
  }
  return results;
}

const orNothing = (value: number | null): Cell => value ?? '';

/** `find-learning-rate data.csv`. */
export async function runLearningRate(file: string, context: Context): Promise<void> {
  const { flags } = context;
  const range = defined({
    from: numberFlag(flags, 'from'),
    to: numberFlag(flags, 'to'),
    steps: integerFlag(flags, 'steps', 1),
  });
  await tryModels<LearningRateCurve>(file, context, {
    command: 'find-learning-rate',
    run: (nf, panel, options) => nf.findLearningRate(panel, { ...options, ...range }),
    measured: ['rate', 'loss', 'smoothed'],
    rowsOf: ({ rates, losses, smoothed }) =>
      rates.map((rate, i) => [rate, losses[i] as number, smoothed[i] as number]),
    tell: (curves) =>
      formatTable(
        ['model', 'learning rate', 'first loss', 'lowest loss', 'steps', 'ended'],
        curves.map(({ model, suggestion, smoothed, rates, diverged }) => [
          model,
          suggestion === null ? 'none: it never falls' : formatNumber(suggestion),
          smoothed[0] ?? Number.NaN,
          Math.min(...smoothed),
          String(rates.length),
          diverged
            ? `diverging at ${formatNumber(rates.at(-1) ?? Number.NaN)}`
            : 'at the last rate',
        ]),
      ),
  });
}

/** `find-batch-size data.csv`. */
export async function runBatchSize(file: string, context: Context): Promise<void> {
  const { flags } = context;
  const range = defined({
    from: integerFlag(flags, 'from', 1),
    to: integerFlag(flags, 'to', 1),
    steps: integerFlag(flags, 'steps', 1),
  });
  await tryModels<BatchSizeResult>(file, context, {
    command: 'find-batch-size',
    run: (nf, panel, options) => nf.findBatchSize(panel, { ...options, ...range }),
    measured: ['size', 'windowsPerSecond', 'msPerStep', 'memoryBytes'],
    rowsOf: ({ measurements }) =>
      measurements.map((one) => [one.size, one.windowsPerSecond, one.msPerStep, one.memoryBytes]),
    tell: (results) => {
      const rows = results.flatMap(({ model, measurements, suggestion }) =>
        measurements.map(({ size, windowsPerSecond, msPerStep, memoryBytes }) => [
          model,
          String(size),
          Math.round(windowsPerSecond).toString(),
          msPerStep,
          formatBytes(memoryBytes),
          size === suggestion ? 'suggested' : '',
        ]),
      );
      const refused = results.flatMap(({ model, outOfMemory }) =>
        outOfMemory === null ? [] : [`${model}: no memory for ${outOfMemory} windows\n`],
      );
      const header = ['model', 'windows', 'windows per s', 'ms per step', 'memory', ''];
      return formatTable(header, rows) + refused.join('');
    },
  });
}

/** `check-one-batch data.csv`: exit code 1 when a network cannot learn it. */
export async function runOneBatch(file: string, context: Context): Promise<void> {
  const { flags } = context;
  const limits = defined({
    windows: integerFlag(flags, 'windows', 1),
    steps: integerFlag(flags, 'steps', 1),
    tolerance: numberFlag(flags, 'tolerance'),
  });
  const results = await tryModels<OneBatchResult>(file, context, {
    command: 'check-one-batch',
    run: (nf, panel, options) => nf.checkOneBatch(panel, { ...options, ...limits }),
    measured: ['step', 'loss'],
    rowsOf: ({ losses }) => losses.map((loss, step) => [step, orNothing(loss)]),
    tell: (checks) =>
      formatTable(
        ['model', 'check', 'first loss', 'last loss', 'steps'],
        checks.map(({ model, passed, initialLoss, finalLoss, steps }) => [
          model,
          passed ? 'passed' : 'failed',
          initialLoss ?? Number.NaN,
          finalLoss ?? Number.NaN,
          String(steps),
        ]),
      ),
  });
  const failed = results.filter(({ passed }) => !passed).map(({ model }) => model);
  if (failed.length > 0) throw new Reported(`failed: ${failed.join(', ')}`);
}
