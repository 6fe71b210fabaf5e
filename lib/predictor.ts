import type {
  NumberArray,
  Predictor as Contract,
  PredictorCallOptions,
  PredictorColumns,
  WindowInput,
} from '../types/index';
import { ForecastError, guarded } from './errors';
import { runJob } from './job';
import type { NativePredictor, NativeWindowColumns } from './native';
import { readFloats } from './numbers';
import { optionalInteger, optionalSignal, readOptions } from './options';
import { allocated, isArray, isObject } from './values';
import { readWindowColumns } from './window-columns';

interface Windows {
  readonly values: Float64Array;
  readonly count: number;
  readonly columns: NativeWindowColumns | null;
}

type Batch = Extract<WindowInput, { windows: unknown }>;

function readWindows(place: string, input: WindowInput): Windows {
  const isBatch = isObject(input) && !isArray(input) && !ArrayBuffer.isView(input);
  const batch: Partial<Batch> = isBatch
    ? readOptions(place, input as Batch, ['windows', 'count', 'exogenous', 'statics'])
    : { windows: input as NumberArray };
  const values = readFloats(place, batch.windows, 'an array of numbers or { windows, count }');
  const count = optionalInteger(place, 'count', batch.count, 1) ?? 1;
  if (values.length === 0 || values.length % count !== 0) {
    throw new ForecastError(
      'ERR_ND_SHAPE',
      `[${place}] received ${values.length} values as ${count} window${count > 1 ? 's' : ''}, expected ${count > 1 ? 'windows of equal length, at least 1 value each' : 'at least 1 value'}`,
      { values: values.length, count },
    );
  }
  const columns = readWindowColumns(place, batch.exogenous, batch.statics);
  return { values, count, columns };
}

/** One fitted model, resident, for serving. Made by `NeuralForecast.predictor()`. */
export class Predictor implements Contract {
  readonly inputSize: number;
  readonly horizon: number;
  readonly columns: readonly string[];
  readonly exogenous: PredictorColumns;
  readonly #native: NativePredictor;
  readonly #pending = new Set<Promise<unknown>>();
  #disposed = false;

  constructor(native: NativePredictor) {
    this.#native = native;
    const description = JSON.parse(guarded(() => native.describe()));
    this.inputSize = description.inputSize;
    this.horizon = description.horizon;
    this.columns = description.columns;
    this.exogenous = description.exogenous;
  }

  predictSync(input: WindowInput): Float64Array {
    this.#checkLive('predictSync');
    const { values, count, columns } = readWindows('predictSync', input);
    const out = this.#output(count);
    guarded(() => this.#native.predictSync(values, count, out, columns));
    return out;
  }

  async predict(input: WindowInput, options: PredictorCallOptions = {}): Promise<Float64Array> {
    this.#checkLive('predict');
    const { signal: given } = readOptions('predict', options, ['signal']);
    const signal = optionalSignal('predict', given);
    const { values, count, columns } = readWindows('predict', input);
    const out = this.#output(count);
    const job = runJob<null>(
      (done) => this.#native.predict(values, count, out, columns, done),
      signal,
    );
    this.#pending.add(job);
    try {
      await job;
    } finally {
      this.#pending.delete(job);
    }
    return out;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await Promise.allSettled(this.#pending);
    guarded(() => this.#native.dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #output(count: number): Float64Array {
    return allocated('predict', () => new Float64Array(count * this.horizon * this.columns.length));
  }

  #checkLive(place: string): void {
    if (this.#disposed) {
      throw new ForecastError('ERR_ND_BUSY', `[${place}] the predictor was disposed`);
    }
  }
}
