/** What was known before each forecast: scales of errors, and forecasts that need no model. */

import type { TableInput } from '../../types/index';
import { ForecastError } from '../errors';
import type { Block, Frame } from './frame';
import { type Names, openSeries, rowsBySeries } from './reading';

/** One series in order of time. */
interface Known {
  readonly times: readonly number[];
  readonly values: Float64Array;
  /** Sums over pairs (t - lag, t) with t below the index: |change|, change², pairs; by lag. */
  readonly sums: Map<number, Sums>;
}

interface Sums {
  readonly absolute: Float64Array;
  readonly squared: Float64Array;
  readonly pairs: Int32Array;
}

function sumsOf({ values, sums }: Known, lag: number): Sums {
  const known = sums.get(lag);
  if (known) return known;
  const rows = values.length;
  const made = {
    absolute: new Float64Array(rows + 1),
    squared: new Float64Array(rows + 1),
    pairs: new Int32Array(rows + 1),
  };
  for (let t = 0; t < rows; t++) {
    const change = t < lag ? Number.NaN : values[t]! - values[t - lag]!;
    const counts = !Number.isNaN(change);
    made.absolute[t + 1] = made.absolute[t]! + (counts ? Math.abs(change) : 0);
    made.squared[t + 1] = made.squared[t]! + (counts ? change * change : 0);
    made.pairs[t + 1] = made.pairs[t]! + (counts ? 1 : 0);
  }
  sums.set(lag, made);
  return made;
}

/** How many of ascending `times` are below `limit`, or at it. */
function countUntil(times: readonly number[], limit: number, inclusive: boolean): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const time = times[middle]!;
    if (time < limit || (inclusive && time === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows of a panel, of which each forecast sees those up to its cutoff and no other. */
export class History {
  readonly #place: string;
  readonly #frame: Frame;
  readonly #series: Map<string, Known>;

  constructor(place: string, frame: Frame, train: TableInput, names: Names) {
    this.#place = place;
    this.#frame = frame;
    const table = openSeries(place, train, names);
    this.#series = new Map(
      [...rowsBySeries(table)].map(([id, { rows, times }]) => [
        id,
        { times, values: Float64Array.from(rows, table.target), sums: new Map() },
      ]),
    );
  }

  #before(block: Block): { readonly known: Known; readonly rows: number } {
    const id = this.#frame.ids[block.series]!;
    const known = this.#series.get(id);
    const { cutoff, start } = block;
    const rows = known ? countUntil(known.times, cutoff ?? start, cutoff !== undefined) : 0;
    if (known && rows > 0) return { known, rows };
    throw new ForecastError(
      'ERR_ND_DATA',
      `[${this.#place}] series "${id}": train has no row of it before its forecast; pass the panel that the models were trained on`,
      { series: id },
    );
  }

  /** Values of the series up to the cutoff of a forecast. */
  values(block: Block): Float64Array {
    const { known, rows } = this.#before(block);
    return known.values.subarray(0, rows);
  }

  /**
   * Mean |change| and mean change² over one season, up to the cutoff of a forecast; over one step where the history is no
   * longer than a season. NaN where there is no pair.
   */
  scales(block: Block, season: number): { readonly absolute: number; readonly squared: number } {
    const { known, rows } = this.#before(block);
    const { absolute, squared, pairs } = sumsOf(known, rows > season ? season : 1);
    const count = pairs[rows]!;
    return { absolute: absolute[rows]! / count, squared: squared[rows]! / count };
  }
}
