/** What is computed from forecasts: metrics, tests of equal accuracy, comparisons. */

import fc from 'fast-check';
import { compareModels, dieboldMariano, evaluate } from '../../lib/index';
import { type Change, changed, changes } from './api/change';
import { attempt, fuzz } from './api/property';

const CUTOFFS = [20, 22, 24];
const HORIZON = 2;
const steps = ['a', 'b'].flatMap((id) =>
  CUTOFFS.flatMap((cutoff) =>
    Array.from({ length: HORIZON }, (_, i) => ({ id, cutoff, t: cutoff + 1 + i })),
  ),
);
const value = (t: number) => 10 + t + 3 * Math.sin(t);

const table = () => ({
  unique_id: steps.map(({ id }) => id),
  ds: steps.map(({ t }) => t),
  cutoff: steps.map(({ cutoff }) => cutoff),
  y: steps.map(({ t }) => value(t)),
  A: steps.map(({ t }) => value(t) + Math.cos(t)),
  'A-lo-80': steps.map(({ t }) => value(t) - 2),
  'A-hi-80': steps.map(({ t }) => value(t) + 2),
  B: steps.map(({ t }) => value(t) + 2 * Math.cos(3 * t)),
  weight: steps.map((_, i) => i % 3),
});
const records = () => {
  const columns = Object.entries(table());
  return steps.map((_, i) => Object.fromEntries(columns.map(([name, cells]) => [name, cells[i]])));
};
const train = () => ({
  unique_id: ['a', 'b'].flatMap((id) => Array.from({ length: 27 }, () => id)),
  ds: ['a', 'b'].flatMap(() => Array.from({ length: 27 }, (_, t) => t)),
  y: ['a', 'b'].flatMap(() => Array.from({ length: 27 }, (_, t) => value(t))),
});

const calls = fc.record({ records: fc.boolean(), full: fc.boolean(), list: changes });
type Call = {
  readonly records: boolean;
  readonly full: boolean;
  readonly list: readonly Change[];
};

const compared = () => ({
  models: ['A', 'B'],
  train: train(),
  seasonality: 2,
  baselines: ['Naive', 'SeasonalNaive'],
  weights: 'weight',
  idColumn: 'unique_id',
  timeColumn: 'ds',
  targetColumn: 'y',
});

fuzz('evaluate', calls, async ({ records: asRecords, full, list }: Call) => {
  const options = full
    ? {
        ...compared(),
        metrics: ['mae', 'mase', 'owa', 'coverage', 'wql', 'msis'],
        by: ['model', 'series', 'window', 'step'],
        benchmark: 'Naive',
      }
    : {};
  const args = changed([asRecords ? records() : table(), options], list);
  const done = await attempt(() => evaluate(args[0] as never, args[1] as never));
  if (!done) return;
  const { value: result } = done;
  expect(result.toRecords()).toHaveLength(result.length);
  for (const name of result.metrics) expect(result.column(name)).toHaveLength(result.length);
  expect(result.toMarkdown().split('\n').length).toBeGreaterThanOrEqual(result.length + 2);
  expect(result.toCsv().length).toBeGreaterThan(result.length);
});

fuzz('compareModels', calls, async ({ records: asRecords, full, list }: Call) => {
  const options = full ? { ...compared(), metric: 'mase', alpha: 0.1, across: 'windows' } : {};
  const args = changed([asRecords ? records() : table(), options], list);
  const done = await attempt(() => compareModels(args[0] as never, args[1] as never));
  if (!done) return;
  const { models, pairs } = done.value;
  expect(pairs).toHaveLength((models.length * (models.length - 1)) / 2);
  for (const { pValue, adjustedPValue } of pairs) {
    expect(pValue).toBeGreaterThanOrEqual(0);
    expect(adjustedPValue).toBeGreaterThanOrEqual(pValue);
    expect(adjustedPValue).toBeLessThanOrEqual(1);
  }
});

const errors = (phase: number) => Array.from({ length: 12 }, (_, i) => Math.sin(i + phase));

fuzz(
  'dieboldMariano',
  fc.record({ list: changes }),
  async ({ list }: { readonly list: readonly Change[] }) => {
    const options = { horizon: 2, loss: 'absolute', alternative: 'less' };
    const args = changed([errors(0), errors(1), options], list);
    const done = await attempt(() =>
      dieboldMariano(args[0] as never, args[1] as never, args[2] as never),
    );
    if (!done) return;
    expect(done.value.pValue).toBeGreaterThanOrEqual(0);
    expect(done.value.pValue).toBeLessThanOrEqual(1);
  },
);
