import type { EvaluationTable as Contract, TimeColumn } from '../../types/index';
import { type Column, ColumnTable } from '../column-table';
import { didYouMean } from '../options';

/** Text for people: five significant digits. */
const short = (cell: unknown) =>
  typeof cell === 'number' && !Number.isInteger(cell)
    ? Number.isFinite(cell) && Math.abs(cell) >= 1e5
      ? cell.toFixed(0)
      : String(Number(cell.toPrecision(5)))
    : cell instanceof Date
      ? cell.toISOString().replace(/(?:T00:00:00)?\.000Z$/, (end) => (end[0] === 'T' ? '' : 'Z'))
      : String(cell);

/** Rows of equal width; numbers to the right. */
export function markdown(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
): string {
  const texts = rows.map((row) => row.map((cell) => short(cell).replaceAll('|', '\\|')));
  const right = columns.map((_, c) => rows.length > 0 && typeof rows[0]![c] === 'number');
  const widths = columns.map((name, c) =>
    Math.max(3, name.length, ...texts.map((row) => row[c]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, c) => (right[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!))).join(' | ')} |`;
  const rule = widths.map((width, c) => `${'-'.repeat(width - 1)}${right[c] ? ':' : '-'}`);
  return `${[line(columns), line(rule), ...texts.map(line)].join('\n')}\n`;
}

export interface EvaluationParts {
  /** What tells the rows apart, one column each. */
  readonly keys: readonly { readonly name: string; readonly values: readonly unknown[] }[];
  readonly metrics: readonly { readonly name: string; readonly values: Float64Array }[];
}

/** One row per group, one column per metric. */
export class EvaluationTable extends ColumnTable implements Contract {
  readonly metrics: readonly string[];
  readonly #parts: EvaluationParts;

  constructor(parts: EvaluationParts) {
    const columns: Column[] = [...parts.keys, ...parts.metrics].map(({ name, values }) => ({
      name,
      values: () => values as readonly string[] | TimeColumn | Float64Array,
    }));
    super(parts.keys[0]!.values.length, columns);
    this.metrics = parts.metrics.map(({ name }) => name);
    this.#parts = parts;
  }

  column(name: string): Float64Array {
    const found = this.#parts.metrics.find((metric) => metric.name === name);
    if (found) return found.values;
    const expected = this.metrics.map((n) => `"${n}"`).join(', ');
    throw new RangeError(
      `[column] received "${name}", expected one of ${expected}${didYouMean(String(name), this.metrics)}`,
    );
  }

  toMarkdown(): string {
    const { keys, metrics } = this.#parts;
    const columns = [...keys, ...metrics];
    const rows = Array.from({ length: this.length }, (_, row) =>
      columns.map(({ values }) => values[row]),
    );
    return markdown(this.columns, rows);
  }

  override toString(): string {
    return this.toMarkdown();
  }
}
