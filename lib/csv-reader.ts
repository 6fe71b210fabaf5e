/** Builds columns from the records of a CSV file; every complaint names file, line, column and value. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ColumnNames, CsvPanel, ErrorCode } from '../types/index';
import { ForecastError } from './errors';
import { closestName, show } from './options';
import { withStandardNames } from './tables';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
const MISSING = /^(?:|nan|na|n\/a|null|none)$/i;
/** As pandas, NumPy and JavaScript write it; a column that is read says which row it is in. */
const INFINITE = /^[+-]?inf(inity)?$/i;
/** Rows per turn of the event loop when whole columns are converted: a few milliseconds. */
const SLICE = 50_000;

/** An error at a place in a file. */
export function csvError(
  file: string,
  line: number | undefined,
  text: string,
  details: Record<string, unknown> = {},
  code: ErrorCode = 'ERR_ND_DATA',
): ForecastError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  return new ForecastError(code, `[readCsv] ${place}: ${text}`, {
    file,
    line: line ?? null,
    ...details,
  });
}

/** What a row is: a moment of a series, one still to come (without a target), or a series as a whole (without times). */
export const CSV_ROWS = ['panel', 'future', 'statics'] as const;
type CsvRows = (typeof CSV_ROWS)[number];

/** Takes records one by one and builds columns. */
export class CsvReader {
  readonly #file: string;
  readonly #separator: string;
  readonly #options: Partial<ColumnNames>;
  readonly #kind: CsvRows;
  /** Whether an empty target is NaN. */
  readonly #missing: boolean;
  #header: string[] | undefined;
  #id = -1;
  #time = -1;
  #target = -1;
  #extras: { readonly name: string; readonly index: number; readonly cells: string[] }[] = [];
  readonly #ids: string[] = [];
  readonly #times: string[] = [];
  #values = new Float64Array(1024);
  #rows = 0;
  #timesAreIntegers = true;
  // A panel repeats its names and time stamps; one copy of each is kept.
  readonly #known = new Map<string, string>();

  constructor(
    file: string,
    separator: string,
    options: Partial<ColumnNames>,
    { kind, missing }: { readonly kind: CsvRows; readonly missing: boolean },
  ) {
    this.#kind = kind;
    this.#missing = missing;
    this.#file = file;
    this.#separator = separator;
    this.#options = options;
  }

  take(record: readonly string[], line: number): void {
    if (!this.#header) {
      this.#readHeader(record, line);
      return;
    }
    if (this.#id >= 0) {
      const id = this.#cell(record, this.#id, line);
      this.#ids.push(this.#shared(id));
    }
    if (this.#time >= 0) {
      const time = this.#cell(record, this.#time, line);
      this.#timesAreIntegers &&= INTEGER.test(time);
      this.#times.push(this.#shared(time));
    }
    if (this.#target >= 0) this.#takeTarget(record, line);
    this.#rows++;
    for (const { index, cells } of this.#extras)
      cells.push(this.#shared((record[index] ?? '').trim()));
  }

  #targetValue(record: readonly string[], line: number): number {
    if (this.#missing && (record[this.#target] as string).trim() === '') return Number.NaN;
    const text = this.#cell(record, this.#target, line);
    if (!NUMBER.test(text)) this.#refuse(line, this.#target, text, 'a number');
    const value = Number(text);
    if (!Number.isFinite(value)) this.#refuse(line, this.#target, text, 'a finite number');
    return value;
  }

  #takeTarget(record: readonly string[], line: number): void {
    const value = this.#targetValue(record, line);
    if (this.#rows === this.#values.length) {
      const larger = new Float64Array(this.#rows * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#rows] = value;
  }

  async panel(signal: AbortSignal | undefined): Promise<CsvPanel> {
    if (!this.#header) {
      throw csvError(
        this.#file,
        undefined,
        'the file is empty, expected a header line and data',
        {},
        'ERR_ND_EMPTY',
      );
    }
    if (this.#rows === 0) {
      throw csvError(
        this.#file,
        undefined,
        'the file has a header and no data',
        {},
        'ERR_ND_EMPTY',
      );
    }
    const columns: Record<string, string[] | number[] | bigint[] | Float64Array> = {};
    if (this.#id >= 0) columns.unique_id = this.#ids;
    if (this.#time >= 0) columns.ds = this.#timesAreIntegers ? integers(this.#times) : this.#times;
    if (this.#target >= 0) columns.y = this.#values.slice(0, this.#rows);
    for (const { name, cells } of this.#extras) {
      columns[name] = await numbersOrText(cells, signal);
    }
    return withStandardNames(columns) as unknown as CsvPanel;
  }

  #readHeader(record: readonly string[], line: number): void {
    const header = record.map((name) => name.trim());
    const twice = header.find((name, i) => header.indexOf(name) !== i);
    if (twice !== undefined) {
      throw csvError(this.#file, line, `the header has the column ${JSON.stringify(twice)} twice`, {
        column: twice,
      });
    }
    const { idColumn, timeColumn = 'ds', targetColumn = 'y' } = this.#options;
    this.#header = header;
    if (this.#kind !== 'statics') this.#time = this.#find(timeColumn, 'timeColumn');
    if (this.#kind === 'panel') this.#target = this.#find(targetColumn, 'targetColumn');
    this.#id =
      idColumn === undefined ? header.indexOf('unique_id') : this.#find(idColumn, 'idColumn');
    const standard = ['unique_id', 'ds', 'y'];
    header.forEach((name, index) => {
      if (index === this.#id || index === this.#time || index === this.#target) return;
      if (this.#kind === 'panel' && standard.includes(name)) {
        const option = { unique_id: 'idColumn', ds: 'timeColumn', y: 'targetColumn' }[
          name
        ] as string;
        const message = `the column "${name}" is not used, because ${option} names another one; rename it`;
        throw csvError(this.#file, line, message, { column: name }, 'ERR_ND_CONFIG');
      }
      this.#extras.push({ name, index, cells: [] });
    });
  }

  #find(name: string, option: string): number {
    const header = this.#header as string[];
    const index = header.indexOf(name);
    if (index >= 0) return index;
    const meant = closestName(name, header);
    const columns = header.map((column) => JSON.stringify(column)).join(', ');
    const other = [';', '\t', '|', ','].find(
      (s) => s !== this.#separator && header.length === 1 && header[0]?.includes(s),
    );
    const advice = other
      ? `cells seem to be separated by ${JSON.stringify(other)}: set separator`
      : `${meant ? `did you mean "${meant}"? ` : ''}set ${option} to the name that the file uses`;
    throw csvError(
      this.#file,
      1,
      `there is no column "${name}", the header has ${columns}; ${advice}`,
      { option, column: name, columns: header },
      'ERR_ND_CONFIG',
    );
  }

  #cell(record: readonly string[], index: number, line: number): string {
    const text = (record[index] as string).trim();
    if (text === '')
      this.#refuse(line, index, text, index === this.#target ? 'a number' : 'a value');
    return text;
  }

  #refuse(line: number, index: number, text: string, expected: string): never {
    const column = this.#header?.[index] as string;
    const received = text === '' ? 'an empty cell' : show(text);
    const series = index === this.#target && this.#id >= 0 ? (this.#ids.at(-1) ?? null) : null;
    throw csvError(
      this.#file,
      line,
      `column "${column}": received ${received}, expected ${expected}`,
      {
        column,
        value: text,
        row: this.#rows,
        series,
      },
    );
  }

  #shared(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    // A file of distinct values gains nothing from sharing and must not pay for a map of all of them.
    if (this.#known.size < 100_000) this.#known.set(text, text);
    return text;
  }
}

function integers(texts: readonly string[]): number[] | bigint[] {
  const numbers = texts.map(Number);
  return numbers.every(Number.isSafeInteger) ? numbers : texts.map(BigInt);
}

/** Numbers where every cell is one or missing; the text otherwise. A wholly empty column is text. */
async function numbersOrText(
  cells: string[],
  signal: AbortSignal | undefined,
): Promise<Float64Array | string[]> {
  const numbers = new Float64Array(cells.length);
  let present = 0;
  for (let row = 0; row < cells.length; row++) {
    if (row % SLICE === SLICE - 1) {
      await nextTurn();
      signal?.throwIfAborted();
    }
    const text = cells[row] as string;
    if (NUMBER.test(text)) {
      numbers[row] = Number(text);
      present++;
    } else if (MISSING.test(text)) {
      numbers[row] = Number.NaN;
    } else if (INFINITE.test(text)) {
      numbers[row] = text.startsWith('-') ? -Infinity : Infinity;
    } else {
      return cells;
    }
  }
  return present > 0 ? numbers : cells;
}
