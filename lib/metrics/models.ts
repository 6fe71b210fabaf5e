/** The forecast columns of a table, put together by model: its point, its quantiles, its intervals. */

import { outputColumn } from '../output-columns';

export interface Quantile {
  /** In (0, 1). */
  readonly q: number;
  readonly values: Float64Array;
}

export interface Interval {
  /** Percent of the values that should fall inside. */
  readonly level: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface ModelForecast {
  readonly name: string;
  /** The column without a suffix, else the median; absent where there is neither. */
  readonly point?: Float64Array;
  /** In ascending order of q. */
  readonly quantiles: readonly Quantile[];
  /** In ascending order of level. */
  readonly intervals: readonly Interval[];
}

interface Parts {
  point?: Float64Array;
  readonly quantiles: Map<number, Float64Array>;
  readonly low: Map<number, Float64Array>;
  readonly high: Map<number, Float64Array>;
}

/** The quantile below which `share` percent lie; no digits that only rounding made. */
const quantileAt = (share: number) => Number((share / 100).toFixed(10));

function complete(name: string, { point, quantiles, low, high }: Parts): ModelForecast {
  for (const [level, values] of low) quantiles.set(quantileAt((100 - level) / 2), values);
  for (const [level, values] of high) quantiles.set(quantileAt((100 + level) / 2), values);
  const centre = point ?? quantiles.get(0.5);
  return {
    name,
    ...(centre ? { point: centre } : {}),
    quantiles: [...quantiles].sort(([a], [b]) => a - b).map(([q, values]) => ({ q, values })),
    intervals: [...low]
      .filter(([level]) => high.has(level))
      .sort(([a], [b]) => a - b)
      .map(([level, values]) => ({ level, low: values, high: high.get(level)! })),
  };
}

/** Models in the order in which their first columns come. */
export function modelsOf(columns: ReadonlyMap<string, Float64Array>): ModelForecast[] {
  const models = new Map<string, Parts>();
  for (const [name, values] of columns) {
    const column = outputColumn(name);
    const known = models.get(column.model);
    const parts: Parts = known ?? { quantiles: new Map(), low: new Map(), high: new Map() };
    if (!known) models.set(column.model, parts);
    if (column.kind === 'point') parts.point = values;
    else if (column.kind === 'median') parts.quantiles.set(0.5, values);
    else if (column.kind === 'quantile') parts.quantiles.set(column.q, values);
    else if (column.kind === 'lo') parts.low.set(column.level, values);
    else parts.high.set(column.level, values);
  }
  return [...models].map(([name, parts]) => complete(name, parts));
}
