/** What every table that is handed out has in common: columns by name, rows as records, CSV text. */

import type { TimeColumn } from '../types/index';

type Cell = string | number | bigint | Date;

export interface Column {
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

function define(record: Record<string, Cell>, name: string, value: Cell): void {
  Object.defineProperty(record, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** Columns of equal length, each computed when it is first asked for. */
export class ColumnTable {
  readonly length: number;
  readonly columns: readonly string[];
  readonly #columns: readonly Column[];

  constructor(length: number, columns: readonly Column[]) {
    this.length = length;
    this.#columns = columns;
    this.columns = columns.map(({ name }) => name);
  }

  toRecords(): Record<string, Cell>[] {
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

  *[Symbol.iterator](): IterableIterator<Record<string, Cell>> {
    const columns = this.#columns.map(({ name, values }) => [name, values()] as const);
    for (let row = 0; row < this.length; row++) {
      const record: Record<string, Cell> = {};
      for (const [name, column] of columns) {
        // An assignment under this name would set the prototype.
        if (name === '__proto__') define(record, name, column[row]!);
        else record[name] = column[row]!;
      }
      yield record;
    }
  }
}
