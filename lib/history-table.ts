import type { HistoryTable as Contract, ModelFit } from '../types/index';
import { type Column, ColumnTable } from './column-table';

/** What is known of one step, by name of the column. */
type Row = Map<string, number>;

const KNOWN = ['trainLoss', 'validLoss', 'learningRate'];
const NORM = 'gradientNorm';
const normOf = (weight: string) => `${NORM}:${weight}`;

/** The steps of one fit that were recorded, in order. */
function rowsOf(fit: ModelFit): { model: string; step: number; row: Row }[] {
  const bySteps = new Map<number, Row>();
  const set = (step: number, name: string, value: number | null | undefined) => {
    const row: Row = bySteps.get(step) ?? new Map();
    bySteps.set(step, row.set(name, value ?? Number.NaN));
  };
  // A fit that diverged has no history, a file of before there were learning rates none of them.
  const { trainHistory = [], validHistory = [], learningRates = [], gradients } = fit;
  trainHistory.forEach(([step, loss], i) => {
    set(step, 'trainLoss', loss);
    set(step, 'learningRate', learningRates[i]);
  });
  for (const [step, loss] of validHistory) set(step, 'validLoss', loss);
  const norms = Object.entries(gradients?.norms ?? {});
  gradients?.steps.forEach((step, i) => {
    for (const [weight, values] of norms) set(step, normOf(weight), values[i]);
    set(step, NORM, Math.hypot(...norms.map(([, values]) => values[i] ?? Number.NaN)));
  });
  return [...bySteps]
    .map(([step, row]) => ({ model: fit.alias, step, row }))
    .sort((a, b) => a.step - b.step);
}

/** The columns that only monitored fits have. */
function normColumns(fits: readonly ModelFit[]): string[] {
  const monitored = fits.flatMap(({ gradients }) => gradients ?? []);
  if (monitored.length === 0) return [];
  const weights = new Set(monitored.flatMap(({ norms }) => Object.keys(norms)));
  return [NORM, ...[...weights].map(normOf)];
}

/** One row per model and recorded step; NaN where a value is not known. */
export class HistoryTable extends ColumnTable implements Contract {
  private constructor(length: number, columns: readonly Column[]) {
    super(length, columns);
  }

  /** Of the latest fit of each model; null where there was none. */
  static of(all: readonly (ModelFit | null)[]): HistoryTable {
    const fits = all.filter((fit) => fit !== null);
    const rows = fits.flatMap(rowsOf);
    const models = rows.map(({ model }) => model);
    const column = (name: string, at: (row: (typeof rows)[number]) => number): Column => {
      const values = Float64Array.from(rows, at);
      return { name, values: () => values };
    };
    return new HistoryTable(rows.length, [
      { name: 'model', values: () => models },
      column('step', ({ step }) => step),
      ...[...KNOWN, ...normColumns(fits)].map((name) =>
        column(name, ({ row }) => row.get(name) ?? Number.NaN),
      ),
    ]);
  }
}
