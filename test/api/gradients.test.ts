import path from 'node:path';
import { mse, NeuralForecast } from '../../lib/index';
import { historyChart } from '../../lib/plot/index';
import type { FitOptions, FitProgress } from '../../types/index';
import { forecastOf, linear, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const panel = monthly(60);
const models = () => [tiny({ maxSteps: 12 }), linear({ maxSteps: 6 })];
const make = (list = models()) => new NeuralForecast({ ...sizes, models: list });

async function fitted(options: FitOptions, list = models()) {
  const nf = make(list);
  const { models: fits } = await nf.fit(panel, options);
  return { nf, fits };
}

const numbers = (nf: NeuralForecast, column: string) => [
  ...(nf.history().toColumns()[column] as Float64Array),
];

test('a fit with monitorGradients is the same fit, and has norms in its history', async () => {
  const plain = await fitted({});
  const watched = await fitted({ monitorGradients: true });
  expect(await forecastOf(watched.nf)).toEqual(await forecastOf(plain.nf));
  expect(plain.fits[0]).not.toHaveProperty('gradients');
  const { gradients, ...fit } = watched.fits[0]!;
  expect(fit).toEqual(plain.fits[0]);
  const weights = ['mlp.0.weight', 'mlp.0.bias', 'mlp.1.weight', 'mlp.1.bias', 'out.weight'];
  expect(Object.keys(gradients!.norms)).toEqual([...weights, 'out.bias']);
  expect(gradients).toMatchObject({ frozen: [], warnings: [] });
  expect(gradients!.steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));

  const columns = [...weights, 'out.bias', ...Object.keys(watched.fits[1]!.gradients!.norms)];
  expect(watched.nf.history().columns).toEqual([
    ...plain.nf.history().columns,
    'gradientNorm',
    ...columns.map((weight) => `gradientNorm:${weight}`),
  ]);
  const norms = numbers(watched.nf, 'gradientNorm:out.weight');
  expect(norms.slice(0, 12)).toEqual(gradients!.norms['out.weight']);
  expect(norms.slice(12)).toEqual(Array(6).fill(Number.NaN));
  const first = Object.values(gradients!.norms).map(([norm]) => norm!);
  const total = Math.sqrt(first.reduce((sum, norm) => sum + norm * norm, 0));
  expect(numbers(watched.nf, 'gradientNorm')[0]).toBeCloseTo(total, 12);

  const file = path.join(folder, 'watched');
  await watched.nf.save(file);
  const loaded = await NeuralForecast.load(file);
  expect(loaded.history().toCsv()).toBe(watched.nf.history().toCsv());
  const { spec } = historyChart({ history: loaded.history(), show: 'gradientNorm' });
  const { rows } = spec.datasets as { rows: { n: string; t: number; v: number }[] };
  const lines = rows.filter(({ n }) => n === 'MLP out.weight').map(({ v }) => v);
  expect(lines).toEqual(gradients!.norms['out.weight']);
  expect(new Set(rows.map(({ n }) => n)).size).toBe(2 + columns.length);
});

test('progress has norms and warnings, the result the steps of each', async () => {
  const seen: FitProgress[] = [];
  const { fits } = await fitted(
    { monitorGradients: true, freeze: 'mlp.0.*', onProgress: (progress) => seen.push(progress) },
    [tiny({ maxSteps: 12, scalerType: 'identity', loss: mse(), learningRate: 1e-6 })],
  );
  const { norms, frozen, warnings } = fits[0]!.gradients!;
  expect(frozen).toEqual(['mlp.0.weight', 'mlp.0.bias']);
  const last = seen.at(-1)!;
  expect(last.step).toBe(12);
  expect(Object.keys(last.gradientNorms!)).toEqual(Object.keys(norms));
  for (const [weight, norm] of Object.entries(last.gradientNorms!)) {
    expect(norm).toBe(norms[weight]!.at(-1));
  }
  expect(last.gradientWarnings).toEqual(warnings);
  const worst = Math.max(...norms['out.weight']!.map(Number));
  expect(worst).toBeGreaterThan(100);
  expect(warnings.find(({ weight }) => weight === 'out.weight')).toEqual({
    weight: 'out.weight',
    kind: 'exploding',
    firstStep: 1,
    lastStep: 12,
    steps: 12,
    norm: worst,
  });

  seen.length = 0;
  await fitted({ onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).not.toHaveProperty('gradientNorms');
});

test('a resumed fit has the whole history', async () => {
  const list = () => [tiny({ maxSteps: 40 })];
  const whole = await fitted({ monitorGradients: true }, list());
  const checkpoint = { path: path.join(folder, 'checkpoint'), everySteps: 1 };
  const stop = ({ step }: FitProgress) => {
    if (step >= 3) throw new Error('enough');
  };
  const options = { monitorGradients: true, checkpoint };
  await expect(make(list()).fit(panel, { ...options, onProgress: stop })).rejects.toThrow('enough');
  const resumed = await fitted({ ...options, resume: true }, list());
  expect(resumed.fits).toEqual(whole.fits);
});

test('a fit that diverges says which gradients exploded', async () => {
  const wild = tiny({ learningRate: 1000, loss: mse(), maxSteps: 200, optimizer: 'sgd' });
  const error = await make([wild])
    .fit(panel, { monitorGradients: true })
    .then(
      () => undefined,
      (thrown) => thrown,
    );
  expect(error).toMatchObject({ number: 'E0009' });
  expect(error.details.gradientWarnings).toContainEqual(
    expect.objectContaining({ kind: 'exploding', weight: 'out.weight' }),
  );
});

test('monitorGradients is true or false', async () => {
  await expect(
    make().fit(panel, { monitorGradients: 'yes' as unknown as boolean }),
  ).rejects.toThrow('[fit] received monitorGradients = "yes", expected true or false');
});
