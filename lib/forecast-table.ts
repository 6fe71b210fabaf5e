import type { ForecastTable as Contract, ForecastRecord, TimeColumn } from '../types/index';

interface TableParts {
  readonly ids: readonly string[];
  readonly horizon: number;
  readonly times: TimeColumn;
  readonly names: readonly string[];
  readonly values: readonly Float64Array[];
  readonly idColumn: string;
  readonly timeColumn: string;
}

function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const timeText = (time: unknown) => (time instanceof Date ? time.toISOString() : String(time));

/** The result of a forecast: one row per series and step, one column per model output. */
export class ForecastTable implements Contract {
  readonly horizon: number;
  readonly length: number;
  readonly columns: readonly string[];
  readonly modelColumns: readonly string[];
  readonly series: readonly string[];
  readonly #parts: TableParts;
  #uniqueId: readonly string[] | undefined;

  constructor(parts: TableParts) {
    this.#parts = parts;
    this.horizon = parts.horizon;
    this.length = parts.times.length;
    this.series = parts.ids;
    this.modelColumns = parts.names;
    this.columns = [parts.idColumn, parts.timeColumn, ...parts.names];
  }

  get unique_id(): readonly string[] {
    const { ids, horizon } = this.#parts;
    this.#uniqueId ??= ids.flatMap((id) => new Array<string>(horizon).fill(id));
    return this.#uniqueId;
  }

  get ds(): TimeColumn {
    return this.#parts.times;
  }

  column(name: string): Float64Array {
    const index = this.#parts.names.indexOf(name);
    if (index < 0) {
      const known = this.#parts.names.map((n) => `"${n}"`).join(', ');
      throw new RangeError(`[column] received "${name}", expected one of ${known}`);
    }
    return this.#parts.values[index]!;
  }

  #record(row: number): ForecastRecord {
    const { ids, horizon, times, names, values, idColumn, timeColumn } = this.#parts;
    const record: Record<string, string | number | bigint | Date> = {
      [idColumn]: ids[Math.floor(row / horizon)]!,
      [timeColumn]: times[row]!,
    };
    names.forEach((name, c) => {
      record[name] = values[c]![row]!;
    });
    return record;
  }

  toRecords(): ForecastRecord[] {
    return Array.from({ length: this.length }, (_, row) => this.#record(row));
  }

  toColumns(): Record<string, readonly string[] | TimeColumn | Float64Array> {
    const { names, values, idColumn, timeColumn } = this.#parts;
    return {
      [idColumn]: this.unique_id,
      [timeColumn]: this.ds,
      ...Object.fromEntries(names.map((name, c) => [name, values[c]!])),
    };
  }

  toCsv(): string {
    const { ids, horizon, times, values } = this.#parts;
    const lines = [this.columns.map(csvField).join(',')];
    for (let row = 0; row < this.length; row++) {
      const cells = [csvField(ids[Math.floor(row / horizon)]!), csvField(timeText(times[row]))];
      for (const column of values) cells.push(String(column[row]));
      lines.push(cells.join(','));
    }
    return `${lines.join('\n')}\n`;
  }

  *[Symbol.iterator](): IterableIterator<ForecastRecord> {
    for (let row = 0; row < this.length; row++) yield this.#record(row);
  }
}
