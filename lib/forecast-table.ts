import type {
  BacktestTable as BacktestContract,
  ForecastTable as Contract,
  PathsTable as PathsContract,
  TimeColumn,
} from '../types/index';
import { type Column, ColumnTable } from './column-table';
import { didYouMean, show } from './options';

/** Time stamps that are written in the caller's form when they are first asked for: a Date for each would take a while. */
type LazyTimes = () => TimeColumn;

export interface TableParts {
  readonly ids: readonly string[];
  /** Per block of `horizon` rows: index into `ids`. */
  readonly series: ArrayLike<number>;
  readonly horizon: number;
  readonly times: LazyTimes;
  readonly names: readonly string[];
  readonly values: readonly Float64Array[];
  readonly idColumn: string;
  readonly timeColumn: string;
}

/** What a table of forecasts of known rows holds beside them. */
export interface BacktestParts extends TableParts {
  /** Per block. */
  readonly cutoffs: LazyTimes;
  readonly actual: Float64Array;
  readonly targetColumn: string;
  readonly frequency: string;
}

/** What a table of sample paths holds beside them: blocks are in order of series, then of paths. */
export interface PathsParts extends TableParts {
  /** Per series. */
  readonly paths: number;
}

function once<Value>(compute: () => Value): () => Value {
  let value: { readonly of: Value } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}

/** Each value of a column of blocks, `horizon` times. */
function perRow(column: TimeColumn, horizon: number): TimeColumn {
  const rows = { length: column.length * horizon };
  const at = (_: unknown, row: number) => column[Math.floor(row / horizon)]!;
  if (column instanceof Float64Array) return Float64Array.from(rows, at as () => number);
  if (column instanceof BigInt64Array) return BigInt64Array.from(rows, at as () => bigint);
  return Array.from(rows, at) as string[];
}

/** The result of a forecast: one row per series and step, one column per model output. */
export class ForecastTable extends ColumnTable implements Contract {
  readonly horizon: number;
  readonly modelColumns: readonly string[];
  readonly series: readonly string[];
  readonly #parts: TableParts;
  readonly #uniqueId: () => readonly string[];
  readonly #times: LazyTimes;

  /** `before` and `after`: columns around those of the models. */
  constructor(parts: TableParts, before: readonly Column[] = [], after: readonly Column[] = []) {
    const { ids, series, horizon, names, values, idColumn, timeColumn } = parts;
    const length = series.length * horizon;
    const uniqueId = once(() =>
      Array.from({ length }, (_, row) => ids[series[Math.floor(row / horizon)]!]!),
    );
    const times = once(parts.times);
    super(length, [
      { name: idColumn, values: uniqueId },
      { name: timeColumn, values: times },
      ...before,
      ...names.map((name, c) => ({ name, values: () => values[c]! })),
      ...after,
    ]);
    this.#parts = parts;
    this.horizon = horizon;
    this.series = ids;
    this.modelColumns = names;
    this.#uniqueId = uniqueId;
    this.#times = times;
  }

  get unique_id(): readonly string[] {
    return this.#uniqueId();
  }

  get ds(): TimeColumn {
    return this.#times();
  }

  column(name: string): Float64Array {
    const index = this.#parts.names.indexOf(name);
    if (index < 0) {
      const known = this.#parts.names;
      const expected = known.map((n) => `"${n}"`).join(', ');
      throw new RangeError(
        `[column] received ${show(name)}, expected one of ${expected}${typeof name === 'string' ? didYouMean(name, known) : ''}`,
      );
    }
    return this.#parts.values[index]!;
  }
}

/** Forecasts of rows that are known, beside what happened. */
export class BacktestTable extends ForecastTable implements BacktestContract {
  readonly frequency: string;
  readonly #cutoffs: LazyTimes;
  readonly #actual: Float64Array;

  constructor(parts: BacktestParts) {
    const cutoffs = once(() => perRow(parts.cutoffs(), parts.horizon));
    super(
      parts,
      [{ name: 'cutoff', values: cutoffs }],
      [{ name: parts.targetColumn, values: () => parts.actual }],
    );
    this.frequency = parts.frequency;
    this.#cutoffs = cutoffs;
    this.#actual = parts.actual;
  }

  get cutoff(): TimeColumn {
    return this.#cutoffs();
  }

  get y(): Float64Array {
    return this.#actual;
  }
}

/** Sample paths of the steps to come: one row per series, path and step. */
export class PathsTable extends ForecastTable implements PathsContract {
  readonly paths: number;
  readonly #path: () => Float64Array;

  constructor(parts: PathsParts) {
    const { paths, horizon } = parts;
    const length = parts.series.length * horizon;
    const path = once(() =>
      Float64Array.from({ length }, (_, row) => Math.floor(row / horizon) % paths),
    );
    super(parts, [{ name: 'path', values: path }]);
    this.paths = paths;
    this.#path = path;
  }

  get path(): Float64Array {
    return this.#path();
  }
}
