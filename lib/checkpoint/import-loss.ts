import type { Registry } from '../../types/registry';
import { camelCase } from './names';
import { refuse, shown } from './refuse';
import { Tensor } from './tensor';
import { isMap, LossValue, numberList, type Value } from './values';

export interface LossDescriptionJson {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A plain value as JSON; tensors as lists. */
export function plain(value: Value | undefined, file: string): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Tensor) return value.numbers(file);
  if (Array.isArray(value)) return value.map((item) => plain(item, file));
  if (isMap(value)) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item, file)]));
  }
  if (typeof value === 'bigint') return refuse(file, 'holds an integer beyond 2^53');
  if (typeof value === 'object')
    return refuse(file, 'holds an object where a plain value is expected');
  return value;
}

/** Level of prediction intervals by the columns of a loss: `-lo-80` of levels, `-lo-80.0` of quantiles. */
function levelsOf(names: readonly string[]): number[] | undefined {
  const [median, ...intervals] = names.filter((name) => name !== '');
  if (median !== '-median') return undefined;
  const texts = intervals.filter((name) => name.startsWith('-lo-')).map((name) => name.slice(4));
  const isLevel = (text: string) => /^\d+(\.\d*[1-9])?$/.test(text);
  if (texts.length * 2 !== intervals.length || !texts.every(isLevel)) return undefined;
  return texts.map(Number).sort((a, b) => a - b);
}

/** float32 quantiles as somebody wrote them: 0.10000000149 is 0.1. */
const short = (value: number): number => Number(value.toPrecision(7));

/** The levels, or the quantiles, that a loss forecasts. */
function outputsOf(loss: LossValue, file: string): Record<string, unknown> {
  const { outputNames, quantiles } = loss;
  const levels = outputNames ? levelsOf(outputNames) : numberList(loss.args.get('level'), file);
  if (levels !== undefined) return { levels };
  if (quantiles) return { quantiles: quantiles.map(short) };
  const given = numberList(loss.args.get('quantiles'), file);
  return given ? { quantiles: given } : {};
}

/** Read with the outputs; and a number of draws, which this engine chooses itself. */
const READ_ELSEWHERE = ['level', 'quantiles', 'num_samples'];
/** How many draws the reference takes the quantiles of a distribution from; ours are exact. */
const MEANINGLESS = ['num_samples'];

/** The loss of a checkpoint as a description of ours. */
export function lossJson(value: Value, registry: Registry, file: string): LossDescriptionJson {
  if (!(value instanceof LossValue))
    return refuse(file, 'holds a loss in a form that is not known');
  const spec = registry.losses.find(({ name }) => name === value.type);
  if (!spec)
    return refuse(file, `holds the loss ${shown(value.type)}, which this version does not have`);
  const known = spec.params.map(({ name }) => name);
  const options: Record<string, unknown> = {};
  const set = (name: string, option: unknown, written: string) => {
    if (known.includes(name)) options[name] = option;
    else if (option !== null) {
      refuse(file, `holds ${value.type} with ${shown(written)}, which this version does not have`);
    }
  };
  for (const [name, argument] of value.args) {
    if (![...READ_ELSEWHERE, ...MEANINGLESS].includes(name))
      set(camelCase(name), plain(argument, file), name);
  }
  if (known.includes('levels') || known.includes('quantiles')) {
    for (const [name, option] of Object.entries(outputsOf(value, file))) set(name, option, name);
  }
  return { type: spec.name, options };
}
