/** Checkpoints of NeuralForecast before 3.3: archives of PyTorch and pickles, read without executing anything. */

import type { Folder } from './folder';
import { aliasOf } from './format2';
import { PyDict, PyRecord } from './pickle';
import { PythonReader } from './python';
import { refuse } from './refuse';
import type { Tensor } from './tensor';
import { TorchFile } from './torch-file';
import type { Checkpoint, ModelRecord, Value } from './values';

const dictOf = (value: unknown): PyDict | undefined => {
  if (value instanceof PyDict) return value;
  return value instanceof PyRecord ? value.entries : undefined;
};

function textKeys(values: ReadonlyMap<Value, Value>, file: string): Map<string, Value> {
  return new Map(
    [...values].map(([key, value]) => [
      typeof key === 'string' ? key : refuse(file, 'is damaged: a name is no text'),
      value,
    ]),
  );
}

async function readDict(folder: Folder, file: string): Promise<Map<string, Value> | undefined> {
  if (!folder.has(file)) return undefined;
  const pickle = TorchFile.ofPickle(await folder.read(file), file);
  const dict = dictOf(pickle.value) ?? refuse(file, 'holds no dictionary');
  return textKeys(new PythonReader(pickle).map(dict), file);
}

async function readModel(
  folder: Folder,
  file: string,
  types: ReadonlyMap<string, Value>,
): Promise<ModelRecord> {
  const torch = TorchFile.read(await folder.read(file), file);
  const content = dictOf(torch.value);
  const hyper = dictOf(content?.get('hyper_parameters'));
  const state = dictOf(content?.get('state_dict'));
  if (!hyper || !state) return refuse(file, 'is no checkpoint of NeuralForecast');
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of state) {
    const tensor = torch.tensor(value);
    if (typeof name !== 'string' || !tensor)
      return refuse(file, 'is damaged: a weight is no tensor');
    tensors.set(name, tensor);
  }
  const alias = aliasOf(file);
  return {
    file,
    alias,
    type: String(types.get(alias) ?? alias),
    hyper: textKeys(new PythonReader(torch).map(hyper), file),
    tensors,
  };
}

/** A pickled TimeSeriesDataset: its attributes. */
async function readDataset(folder: Folder): Promise<ReadonlyMap<string, Value> | undefined> {
  const file = 'dataset.pkl';
  if (!folder.has(file)) return undefined;
  const pickle = TorchFile.ofPickle(await folder.read(file), file);
  const { value } = pickle;
  const state =
    value instanceof PyRecord && value.state instanceof PyDict ? value.state : undefined;
  if (!state) return refuse(file, 'holds no data set of NeuralForecast');
  return textKeys(new PythonReader(pickle).map(state), file);
}

export async function readFormat1(folder: Folder, withData: boolean): Promise<Checkpoint> {
  const file = 'configuration.pkl';
  const configuration = (await readDict(folder, file)) ?? refuse(file, 'is not there');
  const types = (await readDict(folder, 'alias_to_model.pkl')) ?? new Map<string, Value>();
  const models: ModelRecord[] = [];
  for (const name of folder.files.filter((name) => name.endsWith('.ckpt'))) {
    models.push(await readModel(folder, name, types));
  }
  const fields = withData ? await readDataset(folder) : undefined;
  return { file, configuration, models, dataset: fields && { file: 'dataset.pkl', fields } };
}
