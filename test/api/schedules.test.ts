import path from 'node:path';
import { importedSchedule, torchSchedule } from '../../lib/checkpoint/schedules';
import { NeuralForecast } from '../../lib/index';
import { monthly, sizes, temporaryFolder, tiny } from './support';

// That NeuralForecast loads them is shown by `npm run parity -- --export`.
const folder = temporaryFolder();
const panel = monthly(60);
const options = { maxSteps: 40, learningRate: 0.01 };

test.each<[object, string, object]>([
  [
    { lrSchedule: 'multiStep', lrMilestones: [10, 20], lrFactor: 0.3 },
    'MultiStepLR',
    { milestones: [10, 20], gamma: 0.3 },
  ],
  [{ lrSchedule: 'exponential', lrFactor: 0.9 }, 'ExponentialLR', { gamma: 0.9 }],
  [{ lrSchedule: 'polynomial', lrPower: 2 }, 'PolynomialLR', { total_iters: 40, power: 2 }],
  [
    { lrSchedule: 'cosineRestarts', lrPeriod: 8, lrPeriodFactor: 2, minLearningRate: 1e-4 },
    'CosineAnnealingWarmRestarts',
    { T_0: 8, T_mult: 2, eta_min: 1e-4 },
  ],
  [
    { lrSchedule: 'cyclic', lrPeriod: 5, minLearningRate: 1e-3 },
    'CyclicLR',
    { base_lr: 1e-3, max_lr: 0.01, step_size_up: 5, cycle_momentum: false },
  ],
  [{ lrSchedule: 'cosine', minLearningRate: 1e-3 }, 'CosineAnnealingLR', { eta_min: 1e-3 }],
  [{ lrSchedule: 'oneCycle' }, 'OneCycleLR', { max_lr: 0.01, total_steps: 40 }],
])('%j goes out as %s and comes back', async (schedule, name, settings) => {
  const nf = new NeuralForecast({ ...sizes, models: [tiny({ ...options, ...schedule })] });
  await nf.fit(panel);
  const saved = nf.info().models[0]!.options as never;
  const torch = torchSchedule(saved)!;
  expect(torch.name).toBe(name);
  expect(
    JSON.parse(JSON.stringify(torch.settings).replace(/\{"value":([^}]*)\}/g, '$1')),
  ).toMatchObject(settings);
  const where = path.join(folder, name);
  await nf.exportCheckpoint(where);
  const again = await NeuralForecast.importCheckpoint(where);
  expect(again.info().models[0]!.options).toMatchObject({ ...options, ...schedule });
  await nf.dispose();
  await again.dispose();
});

test('usual values are those of the fit', () => {
  const usual = {
    ...options,
    lrFactor: null,
    lrPeriod: null,
    minLearningRate: 0,
    lrPeriodFactor: 1,
  };
  const of = (lrSchedule: string) => torchSchedule({ ...usual, lrSchedule } as never)?.settings;
  expect(of('exponential')!.gamma).toEqual({ value: 0.01 ** (1 / 40) });
  expect(of('cosineRestarts')!.T_0).toBe(10);
  expect(of('cyclic')!.step_size_up).toBe(4);
  expect(of('step')).toBeUndefined();
  expect(of('plateau')).toBeUndefined();
});

test('what has no counterpart is left out', () => {
  const given = (settings: Record<string, unknown>) => (name: string) => settings[name];
  expect(importedSchedule('LambdaLR', given({}), 40)).toEqual({});
  expect(importedSchedule('ExponentialLR', given({ gamma: 1.1 }), 40)).toEqual({});
  expect(importedSchedule('PolynomialLR', given({}), 40)).toEqual({});
  expect(importedSchedule('MultiStepLR', given({}), 40)).toEqual({});
  expect(importedSchedule('CyclicLR', given({ mode: 'exp_range' }), 40)).toEqual({});
  expect(
    importedSchedule('CyclicLR', given({ base_lr: 1, max_lr: 2, step_size_down: 3 }), 40),
  ).toEqual({});
});
