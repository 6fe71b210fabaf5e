/** The resident predictor, and calls in any order: after dispose, at once, with signals that were aborted. */

import fc from 'fast-check';
import {
  ForecastError,
  type NeuralForecast,
  type Predictor,
  registry,
  runtimeInfo,
} from '../../lib/index';
import { type Change, changed, changes } from './api/change';
import { CALLERS_ERROR, texts } from './api/junk';
import { attempt, fuzz, judge } from './api/property';
import { create, fitted, SIZES, TABLES } from './api/valid';

const window = () => Array.from({ length: SIZES.inputSize }, (_, i) => 10 + i);
const WINDOWS: readonly (() => unknown)[] = [
  window,
  () => ({ windows: [...window(), ...window()], count: 2 }),
  () => Float64Array.from(window()),
  () => ({ windows: Float32Array.from(window()) }),
  () => ({ windows: Int16Array.from(window()), count: 1 }),
];
const inputs = fc.record({ base: fc.nat({ max: WINDOWS.length - 1 }), list: changes });
type Input = { readonly base: number; readonly list: readonly Change[] };

let predictor: Predictor;
let before: Float64Array;

beforeAll(async () => {
  predictor = await (await fitted()).predictor();
  before = predictor.predictSync(window());
});

function check(forecast: Float64Array): void {
  expect(forecast.length % (predictor.horizon * predictor.columns.length)).toBe(0);
  for (const value of forecast) expect(value).not.toBeNaN();
}

fuzz('predictSync', inputs, async ({ base, list }: Input) => {
  const args = changed([WINDOWS[base]?.()], list);
  const done = await attempt(() => predictor.predictSync(args[0] as never));
  if (done) check(done.value);
  expect(predictor.predictSync(window())).toEqual(before);
});

fuzz('predictor.predict', inputs, async ({ base, list }: Input) => {
  const args = changed([WINDOWS[base]?.(), { signal: new AbortController().signal }], list);
  const done = await attempt(() => predictor.predict(args[0] as never, args[1] as never));
  if (done) check(done.value);
  expect(predictor.predictSync(window())).toEqual(before);
});

fuzz('predictor', fc.record({ list: changes }), async ({ list }: { list: readonly Change[] }) => {
  const nf = await shared();
  const args = changed(['MLP', { signal: new AbortController().signal }], list);
  const done = await attempt(() => nf.predictor(args[0] as never, args[1] as never));
  if (!done) return;
  expect(done.value.predictSync(window())).toHaveLength(SIZES.horizon);
  await done.value.dispose();
});

let object: Promise<NeuralForecast> | undefined;
const shared = () => {
  object ??= fitted();
  return object;
};

/** What can be called on an object; none of them waits for another. */
const CALLS = {
  fit: (nf: NeuralForecast, signal: AbortSignal) => nf.fit(TABLES[0]?.() as never, { signal }),
  predict: (nf: NeuralForecast, signal: AbortSignal) => nf.predict(null, { signal }),
  predictOther: (nf: NeuralForecast, signal: AbortSignal) =>
    nf.predict(TABLES[2]?.() as never, { signal }),
  insample: (nf: NeuralForecast, signal: AbortSignal) => nf.predictInsample(null, { signal }),
  cross: (nf: NeuralForecast, signal: AbortSignal) =>
    nf.crossValidation(TABLES[1]?.() as never, { signal }),
  predictor: (nf: NeuralForecast, signal: AbortSignal) => nf.predictor('MLP', { signal }),
  info: (nf: NeuralForecast) => nf.info(),
  fitted: (nf: NeuralForecast) => nf.fitted,
  columns: (nf: NeuralForecast) => nf.columns,
  clone: (nf: NeuralForecast) => nf.clone().dispose(),
  dispose: (nf: NeuralForecast) => nf.dispose(),
  asyncDispose: (nf: NeuralForecast) => nf[Symbol.asyncDispose](),
} as const;

const steps = fc.array(
  fc.record({
    call: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
    abort: fc.constantFrom('never', 'before', 'at once', 'later'),
    wait: fc.boolean(),
  }),
  { maxLength: 6, size: 'max' },
);

fuzz('sequences', steps, async (list) => {
  const nf = create();
  const running: Promise<unknown>[] = [];
  for (const { call, abort, wait } of list) {
    const controller = new AbortController();
    const stop = () => controller.abort(CALLERS_ERROR);
    if (abort === 'before') stop();
    if (abort === 'later') setImmediate(stop);
    const done = attempt(async () => CALLS[call](nf, controller.signal));
    if (abort === 'at once') stop();
    running.push(done);
    if (wait) await done;
  }
  await Promise.all(running);
  await nf.dispose();
  await expect(nf.predict()).rejects.toMatchObject({ code: 'ERR_ND_BUSY' });
});

fuzz(
  'ForecastError',
  fc.tuple(texts, texts),
  async ([code, message]) => {
    const error = new ForecastError(code as never, message);
    expect(error.message).toBe(message);
    expect(error.help).toMatch(/^docs\/errors\.md#e\d{4}$/);
  },
  { share: 0.1 },
);

test('what needs no input', () => {
  expect(runtimeInfo().threads).toBeGreaterThan(0);
  expect(registry().models.length).toBeGreaterThan(0);
  expect(judge(CALLERS_ERROR)).toBe('own');
  expect(() => judge(new TypeError('of ours'))).toThrow(/not a documented error/);
});
