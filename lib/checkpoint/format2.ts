/** Checkpoints of NeuralForecast from 3.3: safetensors and JSON. */

import { refuse, shown } from './refuse';
import { parseObject, readSafetensors } from './safetensors';
import { Tensor } from './tensor';
import {
  type Checkpoint,
  ClassValue,
  FrameValue,
  IntervalsValue,
  LossValue,
  type ModelRecord,
  numberList,
  ScalerValue,
  TimesValue,
  textList,
  type Value,
} from './values';
import type { Folder } from './folder';

const TAG = '__nf__';
const DEEPEST = 64;

type Tensors = ReadonlyMap<string, Tensor>;
type Tagged = Readonly<Record<string, unknown>>;

/** Tagged JSON and the tensors it points to, as values. */
class Decoder {
  constructor(
    readonly file: string,
    readonly tensors: Tensors,
  ) {}

  value(json: unknown, depth = 0): Value {
    if (depth > DEEPEST) return refuse(this.file, 'is nested too deeply');
    if (Array.isArray(json)) return json.map((item) => this.value(item, depth + 1));
    if (typeof json !== 'object' || json === null) return json as Value;
    if (Object.hasOwn(json, TAG)) return this.#tagged(json as Tagged, depth + 1);
    return this.map(json as Tagged, depth + 1);
  }

  map(json: Tagged, depth = 0): ReadonlyMap<string, Value> {
    return new Map(Object.entries(json).map(([key, item]) => [key, this.value(item, depth)]));
  }

  #tagged(json: Tagged, depth: number): Value {
    const kind = json[TAG];
    switch (kind) {
      case 'loss':
        return this.#loss(json, depth);
      case 'torch_cls':
        return new ClassValue(String(json.name));
      case 'tensor':
        return this.#tensor(json.key);
      case 'array':
        return Tensor.doubles(this.#numbers(json.shape), this.#numbers(json.values));
      case 'mapping':
        return new Map(this.#pairs(json.items, depth));
      case 'scaler': {
        const stats = this.value(json.stats_ ?? null, depth);
        return new ScalerValue(String(json.type), stats instanceof Tensor ? stats : undefined);
      }
      case 'datetime64':
        return this.#times(json, depth);
      case 'index':
        return this.value(json.values ?? [], depth);
      case 'series':
        return this.value(json.data ?? [], depth);
      case 'dataframe':
        return this.#frame(json.columns, depth);
      case 'prediction_intervals':
        return new IntervalsValue(
          String(json.method),
          Number(json.n_windows),
          Number(json.step_size),
        );
      default:
        return refuse(this.file, `holds a value of the unknown kind ${shown(String(kind))}`);
    }
  }

  #loss(json: Tagged, depth: number): LossValue {
    const args = this.#object(json.args);
    const state = this.map(this.#object(json.state ?? {}), depth);
    return new LossValue(
      String(json.cls),
      this.map(args, depth),
      textList(state.get('output_names')),
      numberList(state.get('quantiles'), this.file),
    );
  }

  #times(json: Tagged, depth: number): TimesValue {
    const data = 'data' in json ? this.value(json.data, depth) : undefined;
    const ticks =
      data instanceof Tensor
        ? data.bigints(this.file)
        : Tensor.doubles([], this.#numbers(json.values)).bigints(this.file);
    return new TimesValue(
      ticks,
      String(json.unit),
      typeof json.tz === 'string' ? json.tz : undefined,
    );
  }

  #pairs(items: unknown, depth: number): [Value, Value][] {
    if (!Array.isArray(items)) return refuse(this.file, 'holds a mapping without items');
    return items.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2)
        refuse(this.file, 'holds a mapping without pairs');
      return [this.value(pair[0], depth), this.value(pair[1], depth)];
    });
  }

  #frame(columns: unknown, depth: number): FrameValue {
    const named = this.#pairs(columns, depth).map(([name, values]): [string, Value] => [
      String(name),
      values,
    ]);
    return new FrameValue(new Map(named));
  }

  #tensor(key: unknown): Tensor {
    const found = this.tensors.get(String(key));
    return (
      found ?? refuse(this.file, `refers to the tensor ${shown(String(key))}, which is not there`)
    );
  }

  #numbers(list: unknown): number[] {
    const isNumber = (v: unknown) =>
      Number.isSafeInteger(v) || (typeof v === 'number' && !Number.isInteger(v));
    if (!Array.isArray(list) || !list.every(isNumber))
      return refuse(this.file, 'holds an array without numbers');
    return list as number[];
  }

  #object(json: unknown): Tagged {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      return refuse(this.file, 'holds a loss without arguments');
    }
    return json as Tagged;
  }
}

const SIDECARS = ['configuration.safetensors', 'dataset.safetensors'];

/** The alias in a file name: what stands before its last underscore. */
export const aliasOf = (file: string): string => file.slice(0, Math.max(0, file.lastIndexOf('_')));

async function readJson(
  folder: Folder,
  stem: string,
): Promise<ReadonlyMap<string, Value> | undefined> {
  const name = `${stem}.json`;
  if (!folder.has(name)) return undefined;
  const json = parseObject(folder.text(await folder.read(name), name), name, 'it');
  const sidecar = `${stem}.safetensors`;
  const { tensors } = folder.has(sidecar)
    ? readSafetensors(await folder.read(sidecar), sidecar)
    : { tensors: new Map<string, Tensor>() };
  return new Decoder(name, tensors).map(json);
}

async function readModel(folder: Folder, file: string): Promise<ModelRecord> {
  const { metadata, tensors } = readSafetensors(await folder.read(file), file);
  const text = metadata.get('hyper_parameters');
  const type = metadata.get('model_class');
  if (text === undefined || type === undefined)
    return refuse(file, 'is no checkpoint of NeuralForecast');
  checkVersion(metadata.get('nf_format'), file);
  const hyper = new Decoder(file, tensors).map(parseObject(text, file, 'hyper_parameters'));
  return { file, alias: aliasOf(file), type, hyper, tensors };
}

function checkVersion(version: unknown, file: string): void {
  if (version !== '2') refuse(file, `has the format ${shown(String(version))}, expected "2"`);
}

export async function readFormat2(folder: Folder, withData: boolean): Promise<Checkpoint> {
  const file = 'configuration.json';
  const content = await readJson(folder, 'configuration');
  checkVersion(content?.get('nf_format'), file);
  const configuration = content?.get('configuration');
  if (!(configuration instanceof Map)) return refuse(file, 'holds no configuration');
  const files = folder.files.filter(
    (name) => name.endsWith('.safetensors') && !SIDECARS.includes(name),
  );
  const models: ModelRecord[] = [];
  for (const name of files) models.push(await readModel(folder, name));
  const dataset = withData ? await readJson(folder, 'dataset') : undefined;
  const fields = dataset?.get('fields');
  return {
    file,
    configuration,
    models,
    dataset: fields instanceof Map ? { file: 'dataset.json', fields } : undefined,
  };
}
