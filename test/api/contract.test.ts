import * as implementation from '../../lib/index';
import type * as contract from '../../types/index';

// A compile-time proof (`npm run typecheck`): what lib/ exports is what types/ promises.
type Contract = typeof contract;
type Instances = {
  [Name in keyof Contract]: Contract[Name] extends { prototype: infer Instance } ? Instance : never;
};
type Checked = Omit<
  Contract,
  | 'AdaptiveIntervals'
  | 'BacktestTable'
  | 'EvaluationTable'
  | 'ModelComparison'
  | 'ForecastTable'
  | 'HistoryTable'
  | 'PathsTable'
  | 'Predictor'
>;

const functions: Checked = implementation;
// Their constructors are private to users, so that only the instances are compared.
const table: (t: implementation.ForecastTable) => Instances['ForecastTable'] = (t) => t;
const backtest: (t: implementation.BacktestTable) => Instances['BacktestTable'] = (t) => t;
const adaptive: (a: implementation.AdaptiveIntervals) => Instances['AdaptiveIntervals'] = (a) => a;
const paths: (t: implementation.PathsTable) => Instances['PathsTable'] = (t) => t;
const evaluation: (e: implementation.EvaluationTable) => Instances['EvaluationTable'] = (e) => e;
const history: (h: implementation.HistoryTable) => Instances['HistoryTable'] = (h) => h;
const comparison: (c: implementation.ModelComparison) => Instances['ModelComparison'] = (c) => c;
const predictor: (p: implementation.Predictor) => Instances['Predictor'] = (p) => p;

test('the implementation exports what the contract declares, and nothing else', () => {
  expect(functions).toBe(implementation);
  for (const proof of [
    table,
    backtest,
    adaptive,
    paths,
    evaluation,
    history,
    comparison,
    predictor,
  ])
    expect(typeof proof).toBe('function');
  expect(Object.keys(implementation).sort()).toEqual(
    expect.arrayContaining([
      'AdaptiveIntervals',
      'BacktestTable',
      'EvaluationTable',
      'ForecastError',
      'ForecastTable',
      'HistoryTable',
      'ModelComparison',
      'compareModels',
      'dieboldMariano',
      'NeuralForecast',
      'PathsTable',
      'Predictor',
      'evaluate',
      'nhits',
      'readCsv',
      'runtimeInfo',
    ]),
  );
});

test('no default export', () => {
  expect('default' in implementation).toBe(false);
});
