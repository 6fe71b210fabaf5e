import type { Registry } from '../../types/registry';
import { lossJson, plain } from './import-loss';
import { camelCase, isOfTrainer, mayBeLeftOut } from './names';
import { refuse, shown } from './refuse';
import { importedSchedule } from './schedules';
import { ClassValue, isMap, type ModelRecord, numberList, textList, type Value } from './values';

type Options = Record<string, unknown>;

export interface ModelJson {
  readonly type: string;
  readonly alias: string;
  readonly options: Options;
}

const MATCHING_OPTIMIZER: Readonly<Record<string, string>> = {
  weight_decay: 'weightDecay',
  eps: 'epsilon',
  momentum: 'momentum',
  dampening: 'dampening',
  nesterov: 'nesterov',
  amsgrad: 'amsgrad',
  alpha: 'alpha',
  rho: 'rho',
  momentum_decay: 'momentumDecay',
  centered: 'centered',
};

/** The model of the registry whose class a checkpoint names, in any case. */
export function modelSpec(
  { type, file }: ModelRecord,
  registry: Registry,
): Registry['models'][number] {
  const found = registry.models.find(({ name }) => name.toLowerCase() === type.toLowerCase());
  return found ?? refuse(file, `holds the model ${shown(type)}, which this version does not have`);
}

/** What is only read by further training: settings that have no counterpart are left out. */
function trainingOptions(
  hyper: ReadonlyMap<string, Value>,
  registry: Registry,
  file: string,
): Options {
  const options: Options = {};
  const optimizer = hyper.get('optimizer');
  const known = optimizer instanceof ClassValue ? optimizer.name.toLowerCase() : undefined;
  if (known !== undefined && registry.optimizers.includes(known)) {
    options.optimizer = known;
    const settings = hyper.get('optimizer_kwargs');
    for (const [name, value] of isMap(settings) ? settings : []) {
      const ours = MATCHING_OPTIMIZER[String(name)];
      if (ours) options[ours] = plain(value, file);
      const betas = name === 'betas' ? numberList(value, file) : undefined;
      if (betas) [options.beta1, options.beta2] = betas;
    }
  }
  const schedule = hyper.get('lr_scheduler');
  const settings = hyper.get('lr_scheduler_kwargs');
  const setting = (name: string) => (isMap(settings) ? settings.get(name) : undefined);
  if (schedule instanceof ClassValue) {
    Object.assign(options, importedSchedule(schedule.name, setting, hyper.get('max_steps')));
  }
  const clip = hyper.get('gradient_clip_val');
  if (typeof clip === 'number' && clip > 0) {
    const byValue = hyper.get('gradient_clip_algorithm') === 'value';
    options[byValue ? 'gradientClipValue' : 'gradientClipNorm'] = clip;
  }
  if (hyper.get('precision') === 'bf16-mixed') options.precision = 'bf16';
  const accumulate = hyper.get('accumulate_grad_batches');
  if (typeof accumulate === 'number') options.accumulateSteps = accumulate;
  return options;
}

/** Columns beside the target. */
function exogenousOptions(
  hyper: ReadonlyMap<string, Value>,
  registry: Registry,
  file: string,
): Options {
  const options: Options = {};
  for (const kind of ['futr', 'hist', 'stat', 'cat']) {
    const names = textList(hyper.get(`${kind}_exog_list`) ?? []);
    if (names === undefined)
      return refuse(file, `holds a ${kind}_exog_list that is no list of names`);
    if (names.length > 0) options[`${kind}Exog`] = names;
  }
  const known = registry.common.map(({ name }) => name);
  if (Object.keys(options).some((name) => !known.includes(name))) {
    refuse(file, 'holds a model of exogenous columns, which this version does not have');
  }
  if ('catExog' in options) {
    options.catCardinalities = plain(hyper.get('categorical_cardinalities'), file);
    options.catEmbDim = plain(hyper.get('cat_emb_dim') ?? 'fastai', file);
  }
  return options;
}

/** One model's description, from the arguments that its class was made with. */
export function modelJson(record: ModelRecord, alias: string, registry: Registry): ModelJson {
  const { hyper, file } = record;
  const spec = modelSpec(record, registry);
  const known = new Map([...spec.params, ...registry.training].map((param) => [param.name, param]));
  const options: Options = {};
  for (const [name, value] of hyper) {
    const param = isOfTrainer(name) ? undefined : known.get(camelCase(name));
    if (param && name !== 'optimizer') {
      if (value !== null || param.nullable) options[param.name] = plain(value, file);
    } else if (value !== null && !mayBeLeftOut(name)) {
      const option = `the option ${shown(name)}, which this version does not have`;
      refuse(file, `holds ${spec.name} with ${option}`);
    }
  }
  if (hyper.get('scaler_type') === null) options.scalerType = 'identity';
  options.horizon = plain(hyper.get('h'), file);
  options.inputSize = plain(hyper.get('input_size') ?? -1, file);
  Object.assign(
    options,
    trainingOptions(hyper, registry, file),
    exogenousOptions(hyper, registry, file),
  );
  options.loss = lossJson(hyper.get('loss') ?? null, registry, file);
  const validLoss = hyper.get('valid_loss') ?? null;
  if (validLoss !== null) options.validLoss = lossJson(validLoss, registry, file);
  return { type: spec.name, alias, options };
}
