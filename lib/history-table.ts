import type { HistoryTable as Contract, ModelFit } from '../types/index';
import { ColumnTable } from './column-table';

interface Row {
  readonly model: string;
  readonly step: number;
  trainLoss: number;
  validLoss: number;
}

/** The steps of one fit that were recorded, in order. */
function rowsOf(fit: ModelFit): Row[] {
  const bySteps = new Map<number, Row>();
  const at = (step: number): Row => {
    const known = bySteps.get(step);
    if (known) return known;
    const row = { model: fit.alias, step, trainLoss: Number.NaN, validLoss: Number.NaN };
    bySteps.set(step, row);
    return row;
  };
  // A fit that diverged has no history.
  const { trainHistory = [], validHistory = [] } = fit;
  for (const [step, loss] of trainHistory) at(step).trainLoss = loss ?? Number.NaN;
  for (const [step, loss] of validHistory) at(step).validLoss = loss ?? Number.NaN;
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}

/** One row per model and recorded step; NaN where a loss is not known. */
export class HistoryTable extends ColumnTable implements Contract {
  private constructor(rows: readonly Row[]) {
    const column = (name: 'step' | 'trainLoss' | 'validLoss') => {
      const values = Float64Array.from(rows, (row) => row[name]);
      return { name, values: () => values };
    };
    const models = rows.map(({ model }) => model);
    super(rows.length, [
      { name: 'model', values: () => models },
      column('step'),
      column('trainLoss'),
      column('validLoss'),
    ]);
  }

  /** Of the latest fit of each model; null where there was none. */
  static of(fits: readonly (ModelFit | null)[]): HistoryTable {
    return new HistoryTable(fits.flatMap((fit) => (fit ? rowsOf(fit) : [])));
  }
}
