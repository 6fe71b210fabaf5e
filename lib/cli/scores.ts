/** Accuracy on known values beside the seasonal naive, the forecast that repeats the last season. */

import type { EvaluateOptions, EvaluationTable, ForecastTable } from '../../types/index';
import { evaluate } from '../index';
import { seasonOf } from '../metrics/season';
import type { Panel } from './panel';
import { formatTable, say } from './report';

const POINT = ['mae', 'rmse', 'smape', 'mase'] as const;
const TITLES: Readonly<Record<string, string>> = {
  mae: 'MAE',
  rmse: 'RMSE',
  smape: 'sMAPE %',
  mase: 'MASE',
  crps: 'CRPS',
};

/** Every model and the seasonal naive; `history` holds the rows before the forecasts, and may go on after them. */
export function scoresOf(
  table: ForecastTable,
  history: Panel,
  frequency: string,
  season: number | undefined,
  options: EvaluateOptions = {},
): EvaluationTable {
  const hasIntervals = table.modelColumns.some((name) => /-hi-[\d.]+$/.test(name));
  return evaluate(table, {
    targetColumn: history.names.targetColumn,
    train: history.columns,
    seasonality: season ?? seasonOf(frequency),
    baselines: 'SeasonalNaive',
    metrics: hasIntervals ? [...POINT, 'crps', 'coverage'] : POINT,
    ...options,
  });
}

const title = (metric: string) =>
  TITLES[metric] ?? metric.replace(/^coverage-(.*)$/, 'in $1 % band');

/** Prints a table of scores. */
export function sayScores(name: string, scores: EvaluationTable): void {
  const header = [name, ...scores.metrics.map(title)];
  const rows = scores.toRecords().map((record) => Object.values(record));
  say(`${formatTable(header, rows)}\n`);
}
