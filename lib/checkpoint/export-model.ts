/** One model as NeuralForecast 3.3 saves it. */

import type { Registry, RegistryOption } from '../../types/registry';
import { ForecastError } from '../errors';
import { snakeCase } from './names';
import { Float, pythonJson } from './python-json';
import { writeSafetensors } from './safetensors';
import type { SavedLoss, SavedModel } from './saved';
import { torchSchedule } from './schedules';
import { Tensor } from './tensor';

type Json = Record<string, unknown>;

/** Settings of training that every model of the reference has. */
const TRAINING = [
  ...['learningRate', 'maxSteps', 'valCheckSteps', 'batchSize', 'validBatchSize'],
  ...['windowsBatchSize', 'inferenceWindowsBatchSize', 'startPaddingEnabled', 'stepSize'],
  ...['numLrDecays', 'earlyStopPatienceSteps', 'scalerType', 'dropLastLoader', 'randomSeed'],
];
const OPTIMIZERS: Readonly<Record<string, string>> = {
  adamw: 'AdamW',
  radam: 'RAdam',
  nadam: 'NAdam',
  sgd: 'SGD',
  rmsprop: 'RMSprop',
  adagrad: 'Adagrad',
  adadelta: 'Adadelta',
};
const OPTIMIZER_SETTINGS = [
  ...['momentum', 'dampening', 'alpha', 'rho', 'momentumDecay'],
  ...['centered', 'nesterov', 'amsgrad'],
];
/** Which of them each optimiser of torch takes. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  adam: ['amsgrad'],
  adamw: ['amsgrad'],
  nadam: ['momentumDecay'],
  adadelta: ['rho'],
  sgd: ['momentum', 'dampening', 'nesterov'],
  rmsprop: ['momentum', 'alpha', 'centered'],
};

/** Losses with layers of their own. */
const IMPLICIT: readonly string[] = ['IQLoss', 'HuberIQLoss'];

type Params = readonly RegistryOption[];

/** The value of an option, with numbers as Python expects them: floats stay floats when they are whole. */
function typed(params: Params, name: string, value: unknown): unknown {
  const type = params.find((param) => param.name === name)?.type;
  if (type === 'number' && typeof value === 'number') return new Float(value);
  if (type !== 'numberList' || !Array.isArray(value)) return value;
  // Levels are named by how they were written: 80 and 97.5.
  return name === 'levels' ? value : value.map((number) => new Float(number));
}

/** Tensors of a file under construction. */
type Tensors = Map<string, Tensor>;

/** Levels to quantiles: the median, then from the lowest to the highest. */
const quantilesOf = (levels: readonly number[]) => [
  0.5,
  ...levels
    .flatMap((level) => [50 - level / 2, 50 + level / 2])
    .sort((a, b) => a - b)
    .map((percent) => percent / 100),
];

function lossJson(
  { type, options }: SavedLoss,
  name: string,
  registry: Registry,
  tensors: Tensors,
): Json {
  if (IMPLICIT.includes(type)) {
    throw new ForecastError(
      'ERR_ND_CONFIG',
      `[exportCheckpoint] received a model that was trained by ${type}, expected another loss: NeuralForecast forecasts one quantile of such a model at a time`,
    );
  }
  const params = registry.losses.find((loss) => loss.name === type)!.params;
  const args: Json = {};
  for (const [option, value] of Object.entries(options)) {
    if (value === null || (option === 'numPieces' && options.distribution !== 'ISQF')) continue;
    if (option === 'levels') args.level = value;
    else if (option === 'horizonWeight' && Array.isArray(value)) {
      const key = `__hparams__.${name}.args.horizon_weight`;
      tensors.set(key, Tensor.floats([value.length], value));
      args.horizon_weight = { __nf__: 'tensor', key, kind: 'torch' };
    } else args[snakeCase(option)] = typed(params, option, value);
  }
  return { __nf__: 'loss', cls: type, args };
}

/** The quantiles of a loss of several; undefined for others. */
function lossQuantiles({ options }: SavedLoss): number[] | undefined {
  const { levels, quantiles } = options as { levels?: number[]; quantiles?: number[] | null };
  return quantiles ?? (levels && quantilesOf(levels));
}

/** The tensor that a loss of several quantiles keeps. */
function addQuantiles(loss: SavedLoss, name: string, tensors: Tensors): boolean {
  const values = lossQuantiles(loss);
  if (values) tensors.set(`${name}.quantiles`, Tensor.floats([values.length], values));
  return values !== undefined;
}

/** The validation loss; the reference takes none of points for a loss of quantiles, so that this one is left out. */
function validLossOf({ options: { loss, validLoss } }: SavedModel): SavedLoss | null {
  const fits = validLoss && (!lossQuantiles(loss) || lossQuantiles(validLoss));
  return fits ? validLoss : null;
}

function optimizerJson(options: SavedModel['options']): Json {
  const type = String(options.optimizer);
  const settings: Json = {};
  for (const name of OPTIMIZER_SETTINGS) {
    if (TAKES[type]?.includes(name)) settings[snakeCase(name)] = options[name];
  }
  if (type !== 'sgd' && options.epsilon !== null) settings.eps = options.epsilon;
  if (['adam', 'adamw', 'radam', 'nadam'].includes(type))
    settings.betas = [options.beta1, options.beta2];
  if (options.weightDecay !== null) settings.weight_decay = options.weightDecay;
  const name = OPTIMIZERS[type];
  return {
    optimizer: { __nf__: 'torch_cls', kind: 'optimizer', name: name ?? 'Adam' },
    optimizer_kwargs: settings,
  };
}

function scheduleJson(options: SavedModel['options']): Json {
  const schedule = torchSchedule(options);
  if (schedule === undefined) return {};
  return {
    lr_scheduler: { __nf__: 'torch_cls', kind: 'lr_scheduler', name: schedule.name },
    lr_scheduler_kwargs: schedule.settings,
  };
}

function trainerJson(options: SavedModel['options']): Json {
  const { gradientClipNorm, gradientClipValue, accumulateSteps } = options;
  const clip = gradientClipValue ?? gradientClipNorm;
  return {
    ...(clip == null ? {} : { gradient_clip_val: clip }),
    ...(gradientClipValue == null ? {} : { gradient_clip_algorithm: 'value' }),
    ...(accumulateSteps === 1 ? {} : { accumulate_grad_batches: accumulateSteps }),
  };
}

/** Columns beside the target, where there are any. */
function exogenousJson(options: SavedModel['options']): Json {
  const json: Json = {};
  for (const kind of ['futr', 'hist', 'stat', 'cat']) {
    if (options[`${kind}Exog`]) json[`${kind}_exog_list`] = options[`${kind}Exog`];
  }
  if ('cat_exog_list' in json) {
    json.categorical_cardinalities = options.catCardinalities;
    json.cat_emb_dim = options.catEmbDim;
  }
  return json;
}

/** The arguments of the model's class. */
function hyperParameters(model: SavedModel, registry: Registry, tensors: Tensors): Json {
  const { type, alias, options } = model;
  const validLoss = validLossOf(model);
  const spec = registry.models.find(({ name }) => name === type)!;
  const thresholds = typed(
    registry.training,
    'trainingDataAvailabilityThreshold',
    options.trainingDataAvailabilityThreshold,
  ) as readonly Float[];
  return {
    h: options.horizon,
    input_size: options.inputSize,
    loss: lossJson(options.loss, 'loss', registry, tensors),
    valid_loss: validLoss && lossJson(validLoss, 'valid_loss', registry, tensors),
    ...Object.fromEntries(
      TRAINING.map((name) => [snakeCase(name), typed(registry.training, name, options[name])]),
    ),
    training_data_availability_threshold: thresholds.length === 1 ? thresholds[0] : thresholds,
    ...(options.excludeInsampleY ? { exclude_insample_y: true } : {}),
    ...exogenousJson(options),
    alias: alias === type ? null : alias,
    ...optimizerJson(options),
    ...scheduleJson(options),
    ...trainerJson(options),
    ...Object.fromEntries(spec.params.map(({ name }) => [snakeCase(name, type), options[name]])),
  };
}

/** The reference has a value for the target and one, never used, for each numeric column of the window. */
function revinTensor({ options }: SavedModel, ofTarget: number, unused: number): Tensor {
  const categories = (options.catExog ?? []) as readonly string[];
  const columns = ['futrExog', 'histExog'].flatMap((kind) => (options[kind] ?? []) as string[]);
  const numeric = columns.filter((name) => !categories.includes(name));
  return Tensor.floats([1, 1, 1 + numeric.length, 1], [ofTarget, ...numeric.map(() => unused)]);
}

/** Weights under the names of the reference, which also counts the batches of a batch normalisation. */
function addWeights(model: SavedModel, tensors: Tensors): void {
  for (const [name, tensor] of model.tensors) {
    if (name.startsWith('scaler.')) {
      tensors.set(
        name,
        revinTensor(model, tensor.numbers(name)[0]!, name.endsWith('weight') ? 1 : 0),
      );
      continue;
    }
    tensors.set(name, tensor);
    if (name.endsWith('.running_mean')) {
      tensors.set(name.replace(/running_mean$/, 'num_batches_tracked'), Tensor.integers([], [0n]));
    }
  }
}

/** The safetensors file of a model. */
export function modelFile(model: SavedModel, registry: Registry): Uint8Array {
  const tensors: Tensors = new Map();
  const hyper = hyperParameters(model, registry, tensors);
  addWeights(model, tensors);
  const { loss } = model.options;
  const validLoss = validLossOf(model);
  const shared: Record<string, string[]> = {};
  if (addQuantiles(loss, 'loss', tensors) && validLoss === null) {
    shared['loss.quantiles'] = ['valid_loss.quantiles'];
  }
  if (validLoss !== null) addQuantiles(validLoss, 'valid_loss', tensors);
  for (const [other, name] of model.shared) shared[name] = [...(shared[name] ?? []), other];
  return writeSafetensors(
    {
      hyper_parameters: pythonJson(hyper),
      model_class: model.type,
      nf_format: '2',
      shared: JSON.stringify(shared),
    },
    tensors,
  );
}
