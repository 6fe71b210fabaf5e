/**
 * 10 000 draws of every distribution: their mean, variance and quantiles are those of the textbook formulas, computed here
 * from the parameters that the network gives; the same seed gives the same draws for any number of threads.
 */

import { distributionLoss, gmm, lstm, mlp, NeuralForecast, nbmm, pmm } from '../../lib/index';
import type { LossDescription } from '../../types/index';

const DRAWS = 10_000;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];
const y = Array.from({ length: 120 }, (_, t) => 5 + Math.round(3 * Math.sin(t / 3) + (t % 3)));
const flags = y.map((v) => Number(v > 5));

/** What a distribution is by its parameters. */
interface Law {
  readonly mean: number;
  readonly variance: number;
  readonly cdf: (x: number) => number;
}
type Parameters = Readonly<Record<string, number>>;

/** ∫ f over [from, to] by Simpson's rule. */
function integral(f: (x: number) => number, from: number, to: number, pieces = 2000): number {
  const h = (to - from) / pieces;
  let sum = f(from) + f(to);
  for (let i = 1; i < pieces; i++) sum += (i % 2 === 1 ? 4 : 2) * f(from + i * h);
  return (sum * h) / 3;
}

const normal = (mean: number, sd: number): Law => ({
  mean,
  variance: sd * sd,
  cdf: (x) => {
    const z = Math.max(-12, Math.min(12, (x - mean) / sd));
    return 0.5 + integral((u) => Math.exp((-u * u) / 2), 0, z) / Math.sqrt(2 * Math.PI);
  },
});

/** With t = √df · tan θ the density of Student's t is cos(θ)^(df - 1). */
function studentT(df: number, mean: number, scale: number): Law {
  const density = (angle: number) => Math.cos(angle) ** (df - 1);
  const half = integral(density, 0, Math.PI / 2);
  const cdf = (x: number) =>
    0.5 + integral(density, 0, Math.atan((x - mean) / scale / Math.sqrt(df))) / (2 * half);
  return { mean, variance: (scale * scale * df) / (df - 2), cdf };
}

/** Counts, from the first probability and the ratio of neighbouring ones. */
function counts(mean: number, variance: number, first: number, ratio: (k: number) => number): Law {
  const cdf = (x: number) => {
    let [sum, p] = [0, first];
    for (let k = 0; k <= Math.floor(x); k++) {
      sum += p;
      p *= ratio(k);
    }
    return sum;
  };
  return { mean, variance, cdf };
}
const poisson = (rate: number) => counts(rate, rate, Math.exp(-rate), (k) => rate / (k + 1));
const negativeBinomial = (n: number, p: number) =>
  counts((n * p) / (1 - p), (n * p) / (1 - p) ** 2, (1 - p) ** n, (k) => ((n + k) / (k + 1)) * p);
const bernoulli = (p: number) => counts(p, p * (1 - p), 1 - p, (k) => (k === 0 ? p / (1 - p) : 0));

/** A Poisson number of exponential jumps: with ρ = 1.5 their shape (2 - ρ) / (ρ - 1) is 1. */
function tweedie(mean: number): Law {
  const rate = 2 * Math.sqrt(mean);
  const jump = Math.sqrt(mean) / 2;
  // n jumps exceed x where a Poisson process of rate 1 / jump has fewer than n points up to x.
  const cdf = (x: number) => {
    if (x < 0) return 0;
    let [sum, weight] = [0, Math.exp(-rate)];
    let [points, point] = [0, Math.exp(-x / jump)];
    for (let n = 0; n < 400; n++) {
      sum += weight * (1 - points);
      points += point;
      point *= x / jump / (n + 1);
      weight *= rate / (n + 1);
    }
    return sum;
  };
  return { mean, variance: mean ** 1.5, cdf };
}

function mixture(weights: readonly number[], parts: readonly Law[]): Law {
  const over = (f: (part: Law) => number) =>
    parts.reduce((sum, part, i) => sum + weights[i]! * f(part), 0);
  const mean = over((part) => part.mean);
  const variance = over((part) => part.variance + part.mean ** 2) - mean ** 2;
  return { mean, variance, cdf: (x) => over((part) => part.cdf(x)) };
}
const pair = (p: Parameters, make: (i: 1 | 2) => Law) =>
  mixture([p['-weight-1']!, p['-weight-2']!], [make(1), make(2)]);

const distribution = (name: string, options = {}) =>
  distributionLoss({ distribution: name as 'Normal', returnParams: true, ...options });
const two = { nComponents: 2, weighted: true, returnParams: true };

const FAMILIES: readonly [
  name: string,
  loss: LossDescription,
  law: (p: Parameters) => Law,
  values?: readonly number[],
][] = [
  ['Normal', distribution('Normal'), (p) => normal(p['-loc']!, p['-scale']!)],
  ['StudentT', distribution('StudentT'), (p) => studentT(p['-df']!, p['-loc']!, p['-scale']!)],
  ['Poisson', distribution('Poisson'), (p) => poisson(p['-loc']!)],
  [
    'NegativeBinomial',
    distribution('NegativeBinomial'),
    (p) => negativeBinomial(p['-total_count']!, p['-probs']!),
  ],
  ['Bernoulli', distribution('Bernoulli'), (p) => bernoulli(p['-probs']!), flags],
  ['Tweedie', distribution('Tweedie', { rho: 1.5 }), (p) => tweedie(Math.exp(p['-log_mu']!))],
  ['GMM', gmm(two), (p) => pair(p, (i) => normal(p[`-mu-${i}`]!, p[`-std-${i}`]!))],
  ['PMM', pmm(two), (p) => pair(p, (i) => poisson(p[`-lambda-${i}`]!))],
  [
    'NBMM',
    nbmm(two),
    (p) => pair(p, (i) => negativeBinomial(p[`-total_count-${i}`]!, p[`-probs-${i}`]!)),
  ],
];

/** The smallest x whose probability reaches q; whole for counts, where that is a step of the function. */
function quantile({ cdf, mean, variance }: Law, q: number): number {
  let [low, high] = [mean - 30 * Math.sqrt(variance), mean + 30 * Math.sqrt(variance)];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (cdf(middle) >= q) high = middle;
    else low = middle;
  }
  return high;
}

async function drawsOf(nf: NeuralForecast, options: object): Promise<number[]> {
  const table = await nf.simulate(null, { paths: DRAWS, ...options });
  return [...table.column('M')].filter((_, i) => i % 2 === 0); // the first of two steps
}

/** How often something of probability p happens in `DRAWS` draws: four standard errors around it. */
function expectShare(share: number, p: number): void {
  expect(Math.abs(share - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / DRAWS) + 1e-9);
}

describe.each(['gaussianCopula', 'ancestral'] as const)('%s', (method) => {
  test.each(FAMILIES)('%s', async (_, loss, lawOf, values = y) => {
    const own = { alias: 'M', maxSteps: 20, loss };
    const model =
      method === 'ancestral'
        ? lstm({ ...own, recurrent: true, encoderHiddenSize: 8, scalerType: 'identity' })
        : mlp({ ...own, hiddenSize: 8, scalerType: 'standard' });
    const nf = new NeuralForecast({ horizon: 2, inputSize: 8, models: [model] });
    await nf.fit({ ds: values.map((_v, t) => t), y: values });
    const forecast = await nf.predict();
    const parameters = Object.fromEntries(
      forecast.modelColumns.map((name) => [name.slice(1), forecast.column(name)[0]!]),
    );
    const law = lawOf(parameters);
    expect(parameters['']).toBeCloseTo(law.mean, 6);

    const draws = await drawsOf(nf, { method, seed: 3, threads: 1 });
    expect(await drawsOf(nf, { method, seed: 3, threads: 3 })).toEqual(draws);
    expect(await drawsOf(nf, { method, seed: 4 })).not.toEqual(draws);

    const mean = draws.reduce((sum, v) => sum + v, 0) / DRAWS;
    expect(Math.abs(mean - law.mean)).toBeLessThan(4 * Math.sqrt(law.variance / DRAWS));
    const squares = draws.map((v) => (v - law.mean) ** 2);
    const variance = squares.reduce((sum, v) => sum + v, 0) / DRAWS;
    const fourth = squares.reduce((sum, v) => sum + v * v, 0) / DRAWS;
    const error = Math.sqrt((fourth - variance ** 2) / DRAWS);
    expect(Math.abs(variance - law.variance)).toBeLessThan(4 * error);
    for (const q of QUANTILES) {
      const at = quantile(law, q) + 1e-9;
      expectShare(draws.filter((v) => v <= at).length / DRAWS, law.cdf(at));
    }
  });
});
