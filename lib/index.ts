/** The public API, by name. */

export { readCsv } from './csv';
export { ForecastError } from './errors';
export { AdaptiveIntervals } from './adaptive';
export { BacktestTable, ForecastTable, PathsTable } from './forecast-table';
export { HistoryTable } from './history-table';
export { compareModels, ModelComparison } from './metrics/compare';
export { dieboldMariano } from './metrics/diebold-mariano';
export { evaluate } from './metrics/evaluate';
export { EvaluationTable } from './metrics/evaluation-table';
export * from './models.generated';
export { NeuralForecast } from './neural-forecast';
export { Predictor } from './predictor';
export { registry } from './registry';
export { runtimeInfo } from './runtime-info';
