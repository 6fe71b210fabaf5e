import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mlp, type NeuralForecast, nlinear } from '../../lib/index';

/** Months with trend and season, from January 1949. */
export function monthly(rows: number, phase = 0) {
  const y = Array.from(
    { length: rows },
    (_, i) => 100 + i + 20 * Math.sin(((i + phase) * Math.PI) / 6),
  );
  const ds = y.map((_, i) => new Date(Date.UTC(1949, i, 1)));
  return { ds, y };
}

/** A network that trains in milliseconds. */
export const tiny = (options = {}) =>
  mlp({ hiddenSize: 8, maxSteps: 5, windowsBatchSize: 8, scalerType: 'robust', ...options });

/** A model with nothing random but its seed, quick to fit. */
export const linear = (options = {}) => nlinear({ maxSteps: 5, windowsBatchSize: 8, ...options });

/** A fit that takes minutes unless it is stopped. */
export const endless = (options = {}) =>
  mlp({ hiddenSize: 256, maxSteps: 1_000_000, windowsBatchSize: 256, ...options });

export const sizes = { horizon: 4, inputSize: 8 };

/** A folder that is removed after the tests of this file. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-test-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Forecast values by column. */
export async function forecastOf(nf: NeuralForecast): Promise<Record<string, number[]>> {
  const table = await nf.predict();
  return Object.fromEntries(table.modelColumns.map((name) => [name, [...table.column(name)]]));
}
