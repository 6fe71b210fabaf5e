import type {
  BacktestTable as BacktestContract,
  ForecastTable as Contract,
  ForecastRecord,
  TimeColumn,
} from '../types/index';
import { didYouMean } from './options';

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

type Cell = string | number | bigint | Date;

interface Column {
  readonly name: string;
  /** All values, one per row. */
  readonly values: () => readonly string[] | TimeColumn | Float64Array;
}

function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const cellText = (cell: unknown) =>
  typeof cell === 'number'
    ? String(cell)
    : csvField(cell instanceof Date ? cell.toISOString() : String(cell));

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
export class ForecastTable implements Contract {
  readonly horizon: number;
  readonly length: number;
  readonly columns: readonly string[];
  readonly modelColumns: readonly string[];
  readonly series: readonly string[];
  readonly #parts: TableParts;
  readonly #columns: readonly Column[];
  readonly #uniqueId: () => readonly string[];
  readonly #times: LazyTimes;

  /** `before` and `after`: columns around those of the models. */
  constructor(parts: TableParts, before: readonly Column[] = [], after: readonly Column[] = []) {
    const { ids, series, horizon, names, values, idColumn, timeColumn } = parts;
    this.#parts = parts;
    this.horizon = horizon;
    this.length = series.length * horizon;
    this.series = ids;
    this.modelColumns = names;
    this.#uniqueId = once(() =>
      Array.from({ length: this.length }, (_, row) => ids[series[Math.floor(row / horizon)]!]!),
    );
    this.#times = once(parts.times);
    this.#columns = [
      { name: idColumn, values: this.#uniqueId },
      { name: timeColumn, values: this.#times },
      ...before,
      ...names.map((name, c) => ({ name, values: () => values[c]! })),
      ...after,
    ];
    this.columns = this.#columns.map(({ name }) => name);
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
        `[column] received "${name}", expected one of ${expected}${didYouMean(String(name), known)}`,
      );
    }
    return this.#parts.values[index]!;
  }

  toRecords(): ForecastRecord[] {
    return [...this];
  }

  toColumns(): Record<string, readonly string[] | TimeColumn | Float64Array> {
    return Object.fromEntries(this.#columns.map(({ name, values }) => [name, values()]));
  }

  toCsv(): string {
    const columns = this.#columns.map(({ values }) => values());
    const lines = [this.columns.map(csvField).join(',')];
    for (let row = 0; row < this.length; row++) {
      lines.push(columns.map((column) => cellText(column[row])).join(','));
    }
    return `${lines.join('\n')}\n`;
  }

  *[Symbol.iterator](): IterableIterator<ForecastRecord> {
    const columns = this.#columns.map(({ name, values }) => [name, values()] as const);
    for (let row = 0; row < this.length; row++) {
      const record: Record<string, Cell> = {};
      for (const [name, column] of columns) record[name] = column[row]!;
      yield record;
    }
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
