import fs from 'node:fs';
import path from 'node:path';
import { evaluate } from '../../lib/index';
import type { EvaluateOptions, TableInput } from '../../types/index';

// Metrics without a counterpart in the fixture: relative ones, and those of classes.

const { table, train, seasonality } = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'metrics.json'), 'utf8'),
);
const withHistory = { train, seasonality };

/** One number of a table of a single row. */
const only = (input: TableInput, metric: string, options: EvaluateOptions = {}) =>
  evaluate(input, options).column(metric)[0]!;

test('relmse: squared errors beside those of a model of the table or of a baseline', () => {
  const y = [1, 2, 4];
  const two = { ds: [1, 2, 3], y, A: [1, 3, 5], B: [3, 2, 4] };
  const metrics = ['mse', 'relmse'] as const;
  const result = evaluate(two, { metrics, benchmark: 'B' });
  expect([...result.column('relmse')]).toEqual([(1 + 1) / 4, 1]);
  expect(evaluate(two, { benchmark: 'B' }).metrics).toContain('relmse');
  expect(evaluate(two, { benchmark: 'B' }).metrics).not.toContain('owa');
  expect(evaluate(two).metrics).not.toContain('relmse');
  const naive = evaluate(table, {
    ...withHistory,
    baselines: 'Naive',
    metrics,
    benchmark: 'Naive',
  });
  const [[own, other], [ratio, same]] = metrics.map((name) => [...naive.column(name)]) as [
    number[],
    number[],
  ];
  expect(ratio).toBe(own! / other!);
  expect(same).toBe(1);
  // A benchmark without errors: no ratio.
  expect(
    only({ ds: [1], y: [1], A: [2], B: [1] }, 'relmse', {
      metrics,
      models: ['A'],
      benchmark: 'A',
    }),
  ).toBe(1);
  const perfect = evaluate({ ds: [1], y: [1], A: [2], B: [1] }, { metrics, benchmark: 'B' });
  expect([...perfect.column('relmse')]).toEqual([Infinity, Number.NaN]);
});

test('accuracy: percent of forecasts that are what happened', () => {
  const classes = { ds: [1, 2, 3, 4], y: [0, 1, 1, 2], A: [0, 1, 0, 2 + 1e-12], w: [1, 1, 1, 0] };
  expect(only(classes, 'accuracy', { metrics: 'accuracy', models: ['A'] })).toBe(50);
  expect(
    only(classes, 'accuracy', { metrics: 'accuracy', models: ['A'], weights: 'w' }),
  ).toBeCloseTo(200 / 3, 12);
  expect(
    only({ ...classes, A: [0, Number.NaN, 0, 0] }, 'accuracy', {
      metrics: 'accuracy',
      models: ['A'],
    }),
  ).toBe(Number.NaN);
});
