/** The self-test of `doctor`: what must hold on every machine, tried on a generated series. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { ModelDescription } from '../../types/index';
import { ForecastError, lstm, NeuralForecast, nhits, patchtst, runtimeInfo } from '../index';
import { formatNumber } from './report';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, or what is wrong. */
  readonly text: string;
  readonly seconds: number;
}

/** What the checks hand on to one another. */
interface Bench {
  readonly models: readonly ModelDescription[];
  readonly folder: string;
  readonly signal: AbortSignal;
}

const SEASON = 24;
const ROWS = 25 * SEASON;
const INPUT = 3 * SEASON;
/** Delay that a fit may add to the event loop before something is wrong, in milliseconds. */
const EVENT_LOOP_LIMIT = 50;

/** A trend, a season and a ripple that no network can learn. */
const VALUES = Array.from(
  { length: ROWS },
  (_, i) => 100 + i / 20 + 20 * Math.sin((2 * Math.PI * i) / SEASON) + ((i * 7919) % 13) / 6,
);
const known = VALUES.slice(0, -SEASON);
const PANEL = { ds: known.map((_, i) => i), y: known };

const units = [
  [64, 64],
  [64, 64],
  [64, 64],
];
const common = { scalerType: 'robust', randomSeed: 1 } as const;
const small = (maxSteps: number) =>
  nhits({ ...common, mlpUnits: units, windowsBatchSize: 128, maxSteps });

/** One network of each kind: dense, recurrent, attention. */
const MODELS = [
  small(200),
  lstm({ ...common, encoderHiddenSize: 32, windowsBatchSize: 32, maxSteps: 60 }),
  patchtst({ ...common, hiddenSize: 32, linearHiddenSize: 64, windowsBatchSize: 32, maxSteps: 60 }),
];

const forecaster = (models: readonly ModelDescription[]) =>
  new NeuralForecast({ frequency: 1, horizon: SEASON, inputSize: INPUT, models });

/** Fails a check. */
function must(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

/** Runs `work` at a priority that other programs cannot starve, whatever the user has chosen. */
async function atNormalPriority<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = process.env.ND_PRIORITY;
  process.env.ND_PRIORITY = 'normal';
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.ND_PRIORITY;
    else process.env.ND_PRIORITY = before;
  }
}

function checkBinary() {
  const { version, target } = runtimeInfo();
  return `version ${version} loads and computes with ${target}`;
}

/** Fits on one thread and looks whether the networks have learned the season. */
async function checkTraining({ models, folder, signal }: Bench) {
  const nf = forecaster(models);
  const fit = await nf.fit(PANEL, { threads: 1, signal });
  const forecast = await nf.predict(null, { threads: 1, signal });
  const truth = VALUES.slice(-SEASON);
  const errorOf = (values: ArrayLike<number>) =>
    truth.reduce((sum, y, h) => sum + Math.abs(y - (values[h] as number)), 0) / SEASON;
  const naive = errorOf(truth.map(() => known.at(-1) as number));
  const parts = fit.models.map(({ alias, steps }) => {
    const error = errorOf(forecast.column(alias));
    must(
      error < naive,
      `${alias} forecasts with an error of ${formatNumber(error)} after ${steps} steps, repeating the last value with ${formatNumber(naive)}`,
    );
    return `${alias} ${formatNumber(error)}`;
  });
  await nf.save(join(folder, 'one.safetensors'), { signal });
  return `error ${parts.join(', ')}; repeating the last value ${formatNumber(naive)}`;
}

async function checkDeterminism({ models, folder, signal }: Bench) {
  const threads = Math.max(2, runtimeInfo().threads);
  const nf = forecaster(models);
  await nf.fit(PANEL, { threads, signal });
  await nf.save(join(folder, 'many.safetensors'), { signal });
  const [one, many] = await Promise.all(
    ['one', 'many'].map((name) => readFile(join(folder, `${name}.safetensors`))),
  );
  must((one as Buffer).equals(many as Buffer), `1 and ${threads} threads give other weights`);
  return `1 and ${threads} threads give the same file, bit for bit`;
}

async function checkFile({ folder, signal }: Bench) {
  const file = join(folder, 'many.safetensors');
  const nf = await NeuralForecast.load(file, { signal });
  const copy = join(folder, 'copy.safetensors');
  await nf.save(copy, { signal });
  const again = await NeuralForecast.load(copy, { signal });
  const [first, second] = await Promise.all(
    [nf, again].map(async (object) => (await object.predict(null, { signal })).toCsv()),
  );
  must(first === second, 'a model forecasts otherwise after saving and loading');
  const { length } = await readFile(file);
  return `${length} bytes written and read; the same forecast, bit for bit`;
}

async function checkPredictor({ folder, signal }: Bench) {
  const nf = await NeuralForecast.load(join(folder, 'many.safetensors'), { signal });
  const alias = nf.info().aliases[0] as string;
  const predictor = await nf.predictor(alias, { signal });
  const window = Float64Array.from(known.slice(-INPUT));
  const times = Array.from({ length: 2000 }, () => {
    const started = performance.now();
    predictor.predictSync(window);
    return 1000 * (performance.now() - started);
  }).sort((a, b) => a - b);
  const expected = (await nf.predict(null, { signal })).column(alias);
  const answer = predictor.predictSync(window);
  const worst = Math.max(
    ...expected.map((y, h) => Math.abs(y - (answer[h] as number)) / Math.abs(y)),
  );
  must(worst < 1e-5, `predictor and predict differ by ${worst}`);
  const at = (share: number) => formatNumber(times[Math.floor(share * times.length)] as number);
  return `${alias}: a forecast in ${at(0.5)} µs (median), ${at(0.99)} µs (99 %)`;
}

/** Delays of the event loop within some milliseconds. */
async function delays(milliseconds: number, signal: AbortSignal) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await pause(milliseconds, undefined, { signal });
  histogram.disable();
  const at = (percentile: number) => histogram.percentile(percentile) / 1e6;
  return { p99: at(99), worst: histogram.max / 1e6 };
}

async function checkEventLoop({ signal }: Bench) {
  const idle = await delays(1000, signal);
  const nf = forecaster([small(1_000_000_000)]);
  const end = new AbortController();
  const fit = nf.fit(PANEL, { signal: end.signal }).catch((error: unknown) => {
    if (!end.signal.aborted) throw error;
  });
  const busy = await delays(2000, signal).finally(() => end.abort());
  await fit;
  const text = `during a fit ${formatNumber(busy.p99)} ms (99 %), ${formatNumber(busy.worst)} ms (worst); idle ${formatNumber(idle.p99)} ms`;
  must(busy.p99 < idle.p99 + EVENT_LOOP_LIMIT, `${text}: fits must not hold it up`);
  return text;
}

const said = (error: unknown) =>
  error instanceof ForecastError
    ? `error ${error.number}: ${error.message}`
    : String(error instanceof Error ? error.message : error);

/** Runs the checks one after the other and reports each; `quick` leaves out those that take seconds. */
export async function selfTest(
  { quick, signal }: { quick: boolean; signal: AbortSignal },
  report: (check: Check) => void,
): Promise<Check[]> {
  const checks: Check[] = [];
  const run = async (name: string, work: () => string | Promise<string>) => {
    const started = performance.now();
    const done = (ok: boolean, text: string) => {
      const check = { name, ok, text, seconds: (performance.now() - started) / 1000 };
      checks.push(check);
      report(check);
      return ok;
    };
    try {
      return done(true, await work());
    } catch (error) {
      signal.throwIfAborted();
      return done(false, said(error));
    }
  };
  if (!(await run('binary', checkBinary))) return checks;
  const folder = await mkdtemp(join(tmpdir(), 'neuro-divergent-'));
  const bench = { models: quick ? [small(50)] : MODELS, folder, signal };
  try {
    await atNormalPriority(async () => {
      if (!(await run('training', () => checkTraining(bench)))) return;
      if (!(await run('determinism', () => checkDeterminism(bench)))) return;
      await run('save and load', () => checkFile(bench));
      await run('predictor', () => checkPredictor(bench));
    });
    if (!quick) await run('event loop', () => checkEventLoop(bench));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return checks;
}
