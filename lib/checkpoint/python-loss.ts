import type { PyRecord } from './pickle';
import { PyDict } from './pickle';
import type { PythonReader } from './python';
import { LossValue, numberList, textList, type Value } from './values';

/** Attributes in which losses keep what they were made with. */
const ARGUMENTS = [
  ...['seasonality', 'delta', 'q', 'c', 'normalize', 'alpha', 'horizon_weight'],
  ...['cos_embedding_dim', 'concentration0', 'concentration1'],
  ...['distribution', 'num_samples', 'return_params', 'n_components', 'weighted'],
  ...['batch_correlation', 'horizon_correlation'],
];
/** Attributes under another name than their argument. */
const RENAMED: Readonly<Record<string, string>> = { _quantile: 'q', tau: 'q' };

const dict = (value: unknown): PyDict => (value instanceof PyDict ? value : new PyDict());

/** A pickled loss is a whole module of torch: its attributes, buffers and parameters. */
export function lossOf(record: PyRecord, reader: PythonReader, depth: number): LossValue {
  const state = dict(record.state);
  const attributes = new Map<unknown, unknown>([
    ...state,
    ...dict(state.get('_buffers')),
    ...dict(state.get('_parameters')),
  ]);
  const read = (name: string): Value => reader.value(attributes.get(name) ?? null, depth + 1);
  const args = new Map<string, Value>();
  for (const name of ARGUMENTS) if (attributes.has(name)) args.set(name, read(name));
  for (const [name, argument] of Object.entries(RENAMED)) {
    if (attributes.has(name)) args.set(argument, read(name));
  }
  for (const [name, value] of dict(attributes.get('distribution_kwargs'))) {
    args.set(String(name), reader.value(value, depth + 1));
  }
  return new LossValue(
    record.name.name,
    args,
    textList(read('output_names')),
    numberList(read('quantiles'), reader.file),
  );
}
