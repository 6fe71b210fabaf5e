/** Scores of conformal intervals: |y - ŷ| per series, window and step of the models with one forecast per step. */

import { idsOf } from './import-data';
import { refuse, shown } from './refuse';
import { Tensor } from './tensor';
import {
  type Checkpoint,
  FrameValue,
  IntervalsValue,
  type ModelRecord,
  type Value,
} from './values';

export interface ImportedIntervals {
  /** Part of the metadata "data". */
  readonly contract: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const METHODS: Readonly<Record<string, string>> = {
  conformal_error: 'error',
  conformal_distribution: 'distribution',
};

const isCount = (value: number, least: number): boolean =>
  Number.isSafeInteger(value) && value >= least && value <= 1_000_000;

/** Names of the series in the order of the scores, which come in one block for each. */
function seriesOf(column: Value | undefined, block: number, file: string): string[] {
  const rows = idsOf(column, file);
  const ids = rows.filter((_, row) => row % block === 0);
  const whole = rows.length % block === 0 && new Set(ids).size === ids.length;
  if (!whole || rows.some((id, row) => id !== ids[Math.floor(row / block)]))
    return refuse(file, 'holds conformal scores that do not fit their series, windows and steps');
  return ids;
}

/** The scores of a model by its name in the columns of forecasts; quantiles and distributions have none. */
function scoresOf(
  { columns }: FrameValue,
  alias: string,
  { rows, file }: { readonly rows: number; readonly file: string },
): number[] | undefined {
  const column = columns.get(alias);
  if (column === undefined) return undefined;
  const scores = column instanceof Tensor ? column.numbers(file) : [];
  const areScores = scores.every((score) => score >= 0 && score < Number.POSITIVE_INFINITY);
  if (!areScores || scores.length !== rows)
    return refuse(file, `holds conformal scores of ${shown(alias)} that are no distances`);
  return scores;
}

/**
 * What `predict({ levels })` needs. Scores have no signs, so that ours, without `compat`, can only be radii: what
 * NeuralForecast calls conformal_distribution is that with other words, its intervals are symmetric.
 */
export function importIntervals(
  { configuration, file }: Checkpoint,
  models: ReadonlyMap<string, ModelRecord>,
  { compat }: { readonly compat: boolean },
): ImportedIntervals {
  const settings = configuration.get('prediction_intervals');
  const scores = configuration.get('_cs_df');
  if (!(settings instanceof IntervalsValue) || !(scores instanceof FrameValue))
    return { contract: {}, tensors: new Map() };
  const { windows, stepSize } = settings;
  const horizon = Number(configuration.get('h'));
  const method = Object.hasOwn(METHODS, settings.method) ? METHODS[settings.method] : undefined;
  if (method === undefined)
    return refuse(file, `holds intervals of the unknown method ${shown(settings.method)}`);
  if (!isCount(windows, 2) || !isCount(stepSize, 1) || !isCount(horizon, 1))
    return refuse(file, 'holds intervals whose windows or steps are no counts');
  const names = scores.columns.get(String(configuration.get('id_col') ?? 'unique_id'));
  const ids = seriesOf(names, windows * horizon, file);
  const tensors = new Map<string, Tensor>();
  for (const alias of models.keys()) {
    const values = scoresOf(scores, alias, { rows: ids.length * windows * horizon, file });
    if (values === undefined) continue;
    const shape = [ids.length, windows, horizon, 1];
    tensors.set(`${alias}/intervals.errors`, Tensor.doubles(shape, values));
  }
  if (tensors.size === 0) return { contract: {}, tensors };
  const places = ids.map((_, i) => BigInt(i));
  tensors.set('data/interval_series', Tensor.integers([ids.length], places));
  const units = ids.map(() => 1); // nothing is pooled
  tensors.set('data/interval_units', Tensor.doubles([ids.length], units));
  const intervals = {
    method: compat ? method : 'error',
    windows,
    stepSize,
    horizon,
    absolute: true,
    ids,
  };
  return { contract: { intervals }, tensors };
}
