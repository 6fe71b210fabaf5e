/** The command `evaluate`: metrics of a file of forecasts that says what happened. */

import type { EvaluateOptions, EvaluationKey } from '../../types/index';
import { compareModels, evaluate, readCsv } from '../index';
import { type Context, columnFlags, defined, integerFlag, textFlag } from './context';
import { formatTable, say, sayFiles, sayJson } from './report';
import { writeCsv } from './tables';

const list = (text: string | undefined) => text?.split(',').map((name) => name.trim());

/** `evaluate forecasts.csv [--train data.csv]`. */
export async function runEvaluate(file: string, context: Context): Promise<void> {
  const { flags, signal, json, version } = context;
  const { separator, ...names } = columnFlags(flags);
  const csv = { ...names, ...defined({ separator }), signal };
  const table = await readCsv(file, csv);
  const train = textFlag(flags, 'train');
  const baselines = list(textFlag(flags, 'baselines'));
  const compared = {
    ...names,
    ...defined({
      models: list(textFlag(flags, 'models')),
      seasonality: integerFlag(flags, 'seasonLength', 1),
      train: train === undefined ? undefined : await readCsv(train, csv),
      baselines: baselines as EvaluateOptions['baselines'],
      weights: textFlag(flags, 'weights'),
    }),
  };
  const result = evaluate(table, {
    ...compared,
    ...defined({
      metrics: list(textFlag(flags, 'metrics')) as EvaluateOptions['metrics'],
      by: list(textFlag(flags, 'by')) as readonly EvaluationKey[] | undefined,
      benchmark: textFlag(flags, 'benchmark'),
    }),
  });
  const test = textFlag(flags, 'compare');
  const comparison =
    test === undefined ? undefined : compareModels(table, { ...compared, metric: test as 'mae' });
  const rows = result.toRecords().map((record) => Object.values(record));
  const output = textFlag(flags, 'output');
  if (output !== undefined) await writeCsv(output, { header: result.columns, rows });
  const files = output === undefined ? [] : [output];
  if (json) {
    const facts = { evaluation: result.toRecords(), ...(comparison ? { comparison } : {}), files };
    sayJson({ version, command: 'evaluate', ...facts });
    return;
  }
  // Steps are counts: written as they are.
  const texts = rows.map((row) =>
    row.map((cell, c) => (result.columns[c] === 'step' ? String(cell) : cell)),
  );
  say(formatTable(result.columns, texts));
  if (comparison) say(`\n${comparison}`);
  sayFiles(files);
}
