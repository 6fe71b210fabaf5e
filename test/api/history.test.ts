import path from 'node:path';
import { HistoryTable, NeuralForecast } from '../../lib/index';
import { historyChart } from '../../lib/plot/index';
import { linear, monthly, sizes, temporaryFolder, tiny } from './support';

const folder = temporaryFolder();
const panel = monthly(60);
const models = () => [tiny({ maxSteps: 12, valCheckSteps: 5 }), linear({ maxSteps: 6 })];
const make = () => new NeuralForecast({ ...sizes, models: models() });

async function fitted(options = {}) {
  const nf = make();
  const result = await nf.fit(panel, options);
  return { nf, result };
}

test('a history has a row per model and step', async () => {
  const { nf, result } = await fitted({ valSize: 8 });
  const table = nf.history();
  expect(table).toBeInstanceOf(HistoryTable);
  expect(table.columns).toEqual(['model', 'step', 'trainLoss', 'validLoss', 'learningRate']);
  expect(table).toHaveLength(18);
  const { model, step, trainLoss, validLoss } = table.toColumns();
  expect([...model!]).toEqual([...Array(12).fill('MLP'), ...Array(6).fill('NLinear')]);
  expect([...step!.slice(0, 12)]).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect([...trainLoss!.slice(0, 12)]).toEqual(result.models[0]?.trainHistory.map(([, l]) => l));
  const validated = [...(validLoss as Float64Array)].map((loss) => !Number.isNaN(loss));
  const expected = Array.from({ length: 12 }, (_, i) => [5, 10, 12].includes(i + 1));
  expect(validated.slice(0, 12)).toEqual(expected);
  expect(table.toCsv().split('\n')[0]).toBe('model,step,trainLoss,validLoss,learningRate');
  const rates = table.toColumns().learningRate as Float64Array;
  expect([...rates.slice(0, 12)]).toEqual(result.models[0]?.learningRates);
  expect(rates[0]).toBe(0.001);
  const file = path.join(folder, 'model');
  await nf.save(file);
  expect((await NeuralForecast.load(file)).history().toCsv()).toBe(table.toCsv());
});

test('without a fit it is empty', () => {
  expect(make().history()).toHaveLength(0);
  expect(make().history().toRecords()).toEqual([]);
});

interface Spec {
  readonly datasets: { readonly rows: readonly { t: number; v: number; n: string }[] };
  readonly layer: readonly { readonly encoding: { y: { scale: object } } }[];
}

describe('the plot', () => {
  const specOf = (input: Parameters<typeof historyChart>[0]) =>
    historyChart(input).spec as unknown as Spec;

  test('has a line per model, and one of its validation', async () => {
    const { nf } = await fitted({ valSize: 8 });
    const spec = specOf({ history: nf.history() });
    const lines = [...new Set(spec.datasets.rows.map(({ n }) => n))];
    expect(lines).toEqual(['MLP', 'NLinear', 'MLP validation', 'NLinear validation']);
    expect(spec.layer[0]?.encoding.y.scale).toEqual({ type: 'log' });
  });

  test('shows rates and norms on a logarithmic axis, without those that are 0', () => {
    const history = {
      model: ['A', 'A'],
      step: [1, 2],
      trainLoss: [1, -1],
      learningRate: [0.1, 0],
      gradientNorm: [5, 6],
      'gradientNorm:out.weight': [3, Number.NaN],
    };
    const { layer, datasets } = specOf({ history, show: 'learningRate' });
    expect(datasets.rows).toEqual([{ n: 'A', t: 1, v: 0.1 }]);
    expect(layer[0]?.encoding.y.scale).toEqual({ type: 'log' });
    expect(specOf({ history, show: 'gradientNorm' }).datasets.rows).toEqual([
      { n: 'A', t: 1, v: 5 },
      { n: 'A', t: 2, v: 6 },
      { n: 'A out.weight', t: 1, v: 3 },
    ]);
    expect(historyChart({ history, show: 'learningRate' }).subtitle).toBe('Learning rate by step');
  });

  test('is linear where a loss is not above 0', () => {
    const history = { model: ['A', 'A'], step: [1, 2], trainLoss: [1, -1] };
    expect(specOf({ history }).layer[0]?.encoding.y.scale).toEqual({ zero: false });
    expect(specOf({ history }).datasets.rows).toHaveLength(2);
  });

  test('says what is missing', () => {
    expect(() => historyChart({ history: { step: [1] } })).toThrow(/without the column "model"/);
    const history = { model: ['A'], step: [1], trainLoss: [1] };
    expect(() => historyChart({ history, show: 'gradientNorm' })).toThrow(
      /without the column "gradientNorm"/,
    );
    expect(() => historyChart({ history, show: 'norms' as 'loss' })).toThrow(
      /received show = "norms", expected one of "loss", "learningRate", "gradientNorm"/,
    );
  });
});
