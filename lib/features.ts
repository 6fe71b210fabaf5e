/** Columns beside the target: which ones the models read, and their values as native code takes them. */

import type { ModelInfo } from '../types/index';
import { show } from './options';

/** Names of the columns that the models of a forecaster read. */
export interface Exogenous {
  /** Of the table: known in advance, and known up to the forecast. */
  readonly futr: readonly string[];
  readonly hist: readonly string[];
  /** Of the table with one row per series. */
  readonly stat: readonly string[];
}

/** A column that was read. */
export interface Feature {
  readonly name: string;
  /** Numbers, or places of texts in `categories`. */
  readonly values: Float64Array;
  readonly categories: readonly string[];
}

/** What the models read, all together. */
export function exogenousOf(models: readonly Pick<ModelInfo, 'options'>[]): Exogenous {
  const all = (option: string) => [
    ...new Set(models.flatMap(({ options }) => (options[option] as string[] | undefined) ?? [])),
  ];
  return { futr: all('futrExog'), hist: all('histExog'), stat: all('statExog') };
}

/** Takes a column cell by cell: numbers (true and false count as 1 and 0) or texts. */
export class FeatureReader {
  readonly #name: string;
  readonly #values: Float64Array;
  readonly #places = new Map<string, number>();
  #kind: 'number' | 'text' | undefined;

  constructor(name: string, rows: number) {
    this.#name = name;
    this.#values = new Float64Array(rows);
  }

  /** Gives the reason if the cell is neither. */
  read(value: unknown, row: number): string | undefined {
    const cell = typeof value === 'boolean' ? Number(value) : value;
    const kind = typeof cell === 'string' ? 'text' : 'number';
    if (kind === 'number' && !(typeof cell === 'number' && Number.isFinite(cell))) {
      const missing = value === undefined || value === null;
      return `is ${missing ? 'missing' : show(value)}, expected a finite number or a text; fill or drop the row`;
    }
    if (this.#kind !== kind && this.#kind !== undefined) {
      return `is ${show(value)}, a ${kind}, while the rows before have ${this.#kind}s; use one kind in the whole column`;
    }
    this.#kind = kind;
    this.#values[row] = kind === 'number' ? (cell as number) : this.#place(cell as string);
    return undefined;
  }

  feature(): Feature {
    return { name: this.#name, values: this.#values, categories: [...this.#places.keys()] };
  }

  #place(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(text, place);
    }
    return place;
  }
}
