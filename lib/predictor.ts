import type {
  NumberArray,
  Predictor as Contract,
  PredictorCallOptions,
  WindowInput,
} from '../types/index';
import { ForecastError, guarded } from './errors';
import { runJob } from './job';
import type { NativePredictor } from './native';
import { optionalInteger, optionalSignal, readOptions, show } from './options';
import { allocated, isArray, isObject, lengthOf } from './values';

interface Windows {
  readonly values: Float64Array;
  readonly count: number;
}

type Batch = Extract<WindowInput, { windows: unknown }>;

function floats(place: string, values: unknown): Float64Array {
  // A proxy of one is an instance too, but nothing that native code can read.
  if (ArrayBuffer.isView(values) && values instanceof Float64Array) return values;
  const isNumbers =
    isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
  const length = isNumbers ? lengthOf(values as unknown as ArrayLike<unknown>) : undefined;
  if (length === undefined) {
    throw new ForecastError(
      'ERR_ND_SHAPE',
      `[${place}] received ${show(values)}, expected an array of numbers or { windows, count }`,
    );
  }
  const numbers = values as unknown as ArrayLike<unknown>;
  const out = allocated(place, () => new Float64Array(length));
  for (let i = 0; i < out.length; i++) {
    const value = numbers[i];
    if (typeof value !== 'number') {
      throw new ForecastError(
        'ERR_ND_DATA',
        `[${place}] element ${i} is ${show(value)}, expected a number`,
        { row: i, value: show(value) },
      );
    }
    out[i] = value;
  }
  return out;
}

function readWindows(place: string, input: WindowInput): Windows {
  const isBatch = isObject(input) && !isArray(input) && !ArrayBuffer.isView(input);
  const batch: Partial<Batch> = isBatch
    ? readOptions(place, input as Batch, ['windows', 'count'])
    : { windows: input as NumberArray };
  const values = floats(place, batch.windows);
  const count = optionalInteger(place, 'count', batch.count, 1) ?? 1;
  if (values.length === 0 || values.length % count !== 0) {
    throw new ForecastError(
      'ERR_ND_SHAPE',
      `[${place}] received ${values.length} values as ${count} window${count > 1 ? 's' : ''}, expected ${count > 1 ? 'windows of equal length, at least 1 value each' : 'at least 1 value'}`,
      { values: values.length, count },
    );
  }
  return { values, count };
}

/** One fitted model, resident, for serving. Made by `NeuralForecast.predictor()`. */
export class Predictor implements Contract {
  readonly inputSize: number;
  readonly horizon: number;
  readonly columns: readonly string[];
  readonly #native: NativePredictor;
  readonly #pending = new Set<Promise<unknown>>();
  #disposed = false;

  constructor(native: NativePredictor) {
    this.#native = native;
    const description = JSON.parse(guarded(() => native.describe()));
    this.inputSize = description.inputSize;
    this.horizon = description.horizon;
    this.columns = description.columns;
  }

  predictSync(input: WindowInput): Float64Array {
    this.#checkLive('predictSync');
    const { values, count } = readWindows('predictSync', input);
    const out = this.#output(count);
    guarded(() => this.#native.predictSync(values, count, out));
    return out;
  }

  async predict(input: WindowInput, options: PredictorCallOptions = {}): Promise<Float64Array> {
    this.#checkLive('predict');
    const { signal: given } = readOptions('predict', options, ['signal']);
    const signal = optionalSignal('predict', given);
    const { values, count } = readWindows('predict', input);
    const out = this.#output(count);
    const job = runJob<null>((done) => this.#native.predict(values, count, out, done), signal);
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
