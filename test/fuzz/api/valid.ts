/** Valid arguments, built anew for every input because changes are made in place. */

import { NeuralForecast } from '../../../lib/index';
import type { ForecastTable as ForecastContract } from '../../../types/index';

export const SIZES = { horizon: 2, inputSize: 4 };
export const ROWS = 24;

const value = (i: number) => 10 + i + 3 * Math.sin(i);
const rows = Array.from({ length: ROWS }, (_, i) => i);
const month = (i: number) => new Date(Date.UTC(2020, i, 1));

/** A network that trains in less than a millisecond, as plain data: a factory's descriptions are frozen. */
export const network = (options: object = {}) => ({
  type: 'MLP',
  options: { hiddenSize: 4, numLayers: 1, maxSteps: 1, windowsBatchSize: 4, ...options },
});

/** The forms in which tables come. Monthly time but where it says otherwise. */
export const TABLES: readonly (() => unknown)[] = [
  () => ({ ds: rows.map(month), y: rows.map(value) }),
  () => rows.map((i) => ({ unique_id: 'a', ds: month(i).toISOString().slice(0, 10), y: value(i) })),
  () => ({
    unique_id: rows.map((i) => (i % 2 ? 'a' : 'b')),
    ds: rows.map((i) => month(i >> 1)),
    y: rows.map(value),
  }),
  () => ({ toColumns: () => ({ ds: rows.map(month), y: Float32Array.from(rows, value) }) }),
];
/** Integer time: another frequency than that of the others. */
export const INTEGER_TABLES: readonly (() => unknown)[] = [
  () => ({ ds: [...rows], y: rows.map(value) }),
  () => ({ ds: BigInt64Array.from(rows, BigInt), y: Float64Array.from(rows, value) }),
];

export const ALL_TABLES = [...TABLES, ...INTEGER_TABLES];

export const create = (options: object = {}) =>
  new NeuralForecast({ ...SIZES, models: [network()], ...options } as never);

export async function fitted(options: object = {}): Promise<NeuralForecast> {
  const nf = create(options);
  await nf.fit(TABLES[0]?.() as never);
  return nf;
}

/** All numbers of a table of forecasts, after checking what every such table promises. */
export function checkTable(table: ForecastContract): number[] {
  expect(table.length % table.horizon).toBe(0);
  expect(table.ds).toHaveLength(table.length);
  expect(table.unique_id).toHaveLength(table.length);
  const records = table.toRecords();
  expect(records).toHaveLength(table.length);
  for (const record of records.slice(0, 2))
    expect(Object.keys(record).sort()).toEqual([...table.columns].sort());
  expect(table.toCsv().length).toBeGreaterThan(table.length);
  const values = table.modelColumns.flatMap((name) => {
    const column = table.column(name);
    expect(column).toHaveLength(table.length);
    return [...column];
  });
  for (const number of values) expect(number).not.toBeNaN();
  return values;
}
