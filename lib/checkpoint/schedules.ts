/** Learning rate schedules, ours and those of torch.optim.lr_scheduler. */

import type { SavedModel } from './saved';
import { Float } from './python-json';

type Options = SavedModel['options'];

export interface TorchSchedule {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The class of torch and its arguments; undefined for what NeuralForecast does by itself or cannot train with. */
export function torchSchedule(options: Options): TorchSchedule | undefined {
  const { lrFactor, lrPeriod, lrMilestones, lrPeriodFactor, lrPower, minLearningRate } = options;
  const steps = Number(options.maxSteps);
  const lowest = new Float(Number(minLearningRate));
  const factor = (usual: number) => new Float(Number(lrFactor ?? usual));
  const period = (parts: number) => lrPeriod ?? Math.max(1, Math.floor(steps / parts));
  switch (options.lrSchedule) {
    case 'multiStep':
      return { name: 'MultiStepLR', settings: { milestones: lrMilestones, gamma: factor(0.1) } };
    case 'exponential':
      return { name: 'ExponentialLR', settings: { gamma: factor(0.01 ** (1 / steps)) } };
    case 'polynomial':
      return {
        name: 'PolynomialLR',
        settings: { total_iters: steps, power: new Float(Number(lrPower)) },
      };
    case 'cosine':
      return { name: 'CosineAnnealingLR', settings: { T_max: steps, eta_min: minLearningRate } };
    case 'cosineRestarts':
      return {
        name: 'CosineAnnealingWarmRestarts',
        settings: { T_0: period(4), T_mult: lrPeriodFactor, eta_min: lowest },
      };
    case 'cyclic':
      return {
        name: 'CyclicLR',
        settings: {
          base_lr: lowest,
          max_lr: new Float(Number(options.learningRate)),
          step_size_up: period(10),
          cycle_momentum: false,
        },
      };
    case 'oneCycle':
      return { name: 'OneCycleLR', settings: { max_lr: options.learningRate, total_steps: steps } };
    default:
      // Its trainer gives ReduceLROnPlateau no loss to listen to.
      return undefined;
  }
}

/** Our options for a class of torch and its arguments; {} where there is no counterpart. */
export function importedSchedule(
  name: string,
  setting: (argument: string) => unknown,
  maxSteps: unknown,
): Record<string, unknown> {
  const numeric = (argument: string, usual: number) => Number(setting(argument) ?? usual);
  const gamma = numeric('gamma', 0.1);
  const falls = gamma > 0 && gamma <= 1;
  const minLearningRate = numeric('eta_min', 0);
  switch (name) {
    case 'MultiStepLR': {
      const milestones = setting('milestones');
      if (!Array.isArray(milestones) || !falls) return {};
      return { lrSchedule: 'multiStep', lrMilestones: milestones.map(Number), lrFactor: gamma };
    }
    case 'ExponentialLR':
      return falls ? { lrSchedule: 'exponential', lrFactor: gamma } : {};
    case 'PolynomialLR':
      if (numeric('total_iters', 5) !== Number(maxSteps)) return {};
      return { lrSchedule: 'polynomial', lrPower: numeric('power', 1) };
    case 'CosineAnnealingLR':
      return { lrSchedule: 'cosine', minLearningRate };
    case 'CosineAnnealingWarmRestarts':
      return {
        lrSchedule: 'cosineRestarts',
        lrPeriod: numeric('T_0', 1),
        lrPeriodFactor: numeric('T_mult', 1),
        minLearningRate,
      };
    case 'CyclicLR': {
      const rise = numeric('step_size_up', 2000);
      const isTriangle =
        (setting('mode') ?? 'triangular') === 'triangular' &&
        (setting('scale_fn') ?? null) === null &&
        Number(setting('step_size_down') ?? rise) === rise;
      if (!isTriangle) return {};
      return {
        lrSchedule: 'cyclic',
        lrPeriod: rise,
        minLearningRate: numeric('base_lr', 0),
        learningRate: numeric('max_lr', 0),
      };
    }
    case 'OneCycleLR': {
      const highest = setting('max_lr');
      return {
        lrSchedule: 'oneCycle',
        ...(highest === undefined ? {} : { learningRate: Number(highest) }),
      };
    }
    default:
      return {};
  }
}
