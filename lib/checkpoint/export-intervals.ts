/** Errors of conformal intervals as NeuralForecast 3.3 saves its scores. */

import { ForecastError } from '../errors';
import type { Saved, SavedIntervals } from './saved';

type Json = Record<string, unknown>;

const METHODS: Readonly<Record<string, string>> = {
  error: 'conformal_error',
  distribution: 'conformal_distribution',
};

export const textsJson = (name: string, values: readonly string[]): Json => ({
  __nf__: 'series',
  kind: 'pandas',
  name,
  dtype: 'str',
  data: { __nf__: 'index', kind: 'numpy', dtype: 'object', values },
});

/** Throws E0010 for intervals that NeuralForecast does not have. */
export function checkIntervals(intervals: SavedIntervals, { contract }: Saved): void {
  const { method, pooled, windows, ids, errors } = intervals;
  const refused = (received: string, expected: string): never => {
    throw new ForecastError(
      'ERR_ND_CONFIG',
      `[exportCheckpoint] received ${received}, expected ${expected}: NeuralForecast has no others; ` +
        'includeIntervals: false leaves them out',
    );
  };
  if (!Object.hasOwn(METHODS, method))
    refused(`intervals of the method "${method}"`, '"error" or "distribution"');
  if (pooled) refused('pooled intervals', 'those of each series');
  if (windows < 2) refused('intervals of 1 window', 'at least 2');
  const moved = [...errors].find(([, { shape }]) => shape.at(-1) !== 1);
  if (moved) refused(`intervals around the quantiles of ${moved[0]}`, 'those of point forecasts');
  const calibrated = new Set(ids);
  const without = contract.ids.find((id) => !calibrated.has(id));
  if (without !== undefined)
    refused(`no errors of the series "${without}"`, 'intervals of every series');
  const holes = [...errors].find(([alias, of]) => of.numbers(alias).some(Number.isNaN));
  if (holes) refused(`errors of ${holes[0]} at rows without a target`, 'those of every row');
}

/** The order in which texts are sorted there. */
const byCodePoint = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * Settings and the table of scores |y - ŷ|, read by its order: that of the rows that go with it, else that in which
 * NeuralForecast sorts the series of a panel that it is given. `add` puts numbers into the file of tensors.
 */
export function intervalsJson(
  { intervals, rows, config }: Saved,
  idColumn: string,
  add: (key: string, values: readonly number[]) => Json,
): Json {
  if (intervals === undefined) return { prediction_intervals: null, _cs_df: null };
  const { method, windows, stepSize, ids, errors } = intervals;
  const block = windows * config.horizon;
  const order = ids.map((_, i) => i);
  if (rows === undefined) order.sort((a, b) => byCodePoint(ids[a]!, ids[b]!));
  const repeated = order.flatMap((i) => Array.from({ length: block }, () => ids[i]!));
  const scores = [...errors].map(([alias, tensor]) => {
    const values = tensor.numbers(alias).map(Math.abs);
    const sorted = order.flatMap((i) => values.slice(i * block, (i + 1) * block));
    const data = add(`_cs_df.${alias}.values`, sorted);
    return [alias, { __nf__: 'series', kind: 'pandas', name: alias, dtype: 'float64', data }];
  });
  return {
    prediction_intervals: {
      __nf__: 'prediction_intervals',
      n_windows: windows,
      method: METHODS[method],
      step_size: stepSize,
    },
    _cs_df: {
      __nf__: 'dataframe',
      kind: 'pandas',
      columns: [[idColumn, textsJson(idColumn, repeated)], ...scores],
    },
  };
}
