/** The command `info`: what a saved file holds. */

import { open, stat } from 'node:fs/promises';
import type { ModelInfo } from '../../types/index';
import type { Registry, RegistryOption } from '../../types/registry';
import { NeuralForecast } from '../index';
import type { Context } from './context';
import { findModel } from './flags';
import { type Cell, formatBytes, formatNumber, formatTable, say, sayJson } from './report';

type Options = Readonly<Record<string, unknown>>;

/** Options with a place of their own in the report. */
const SHOWN_ELSEWHERE = ['horizon', 'inputSize', 'alias', 'loss', 'validLoss'];

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function differing(options: Options, known: readonly RegistryOption[], defaults: Options): Options {
  const changed = known.filter(({ name, default: standard }) => {
    return name in options && !isSame(options[name], name in defaults ? defaults[name] : standard);
  });
  return Object.fromEntries(changed.map(({ name }) => [name, options[name]]));
}

/** A loss without the options that have their defaults; undefined for `standard` without any. */
function differingLoss(registry: Registry, loss: unknown, standard: string | undefined) {
  if (typeof loss !== 'object' || loss === null) return undefined;
  const { type, options = {} } = loss as { type: string; options?: Options };
  const known = registry.losses.find((entry) => entry.type === type)?.params ?? [];
  const changed = differing(options, known, {});
  return type === standard && Object.keys(changed).length === 0
    ? undefined
    : { type, options: changed };
}

/** The options of a saved model that are not what they would be if nothing were said. */
export function changedOptions(registry: Registry, { type, options }: ModelInfo): Options {
  const { params, trainDefaults } = findModel(registry, type);
  const known = [...params, ...registry.training, ...registry.common];
  const rest = known.filter(({ name }) => !SHOWN_ELSEWHERE.includes(name));
  const losses = {
    loss: differingLoss(registry, options.loss, 'MAE'),
    validLoss: differingLoss(registry, options.validLoss, undefined),
  };
  const differingLosses = Object.entries(losses).filter(([, loss]) => loss !== undefined);
  return { ...differing(options, rest, trainDefaults), ...Object.fromEntries(differingLosses) };
}

/** Version of the package that wrote a file whose content has been checked; '' when it does not say. */
async function writerOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer: size } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    const length = Number(size.readBigUInt64LE());
    const { buffer: header } = await handle.read(Buffer.alloc(length), 0, length, 8);
    return String(JSON.parse(header.toString()).__metadata__?.package_version ?? '');
  } finally {
    await handle.close();
  }
}

const optionText = (value: unknown): string => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return JSON.stringify(value);
  }
  const { type, options } = value as { type: string; options: Options };
  return Object.keys(options).length > 0 ? `${type} (${optionsText(options)})` : type;
};

const optionsText = (options: Options) =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${optionText(value)}`)
    .join(', ');

const lossText = (loss: number | null | undefined) => (loss == null ? '' : formatNumber(loss));

/** `info model.safetensors`. */
export async function runInfo(file: string, context: Context): Promise<void> {
  const { signal, json, version } = context;
  const nf = await NeuralForecast.load(file, { signal });
  const { packageVersion: _, ...info } = nf.info();
  const { size: bytes } = await stat(file);
  const writer = await writerOf(file);
  const registry = context.registry();
  const models = info.models.map((model) => ({
    ...model,
    changedOptions: changedOptions(registry, model),
  }));
  if (json) {
    sayJson({ version, command: 'info', file, bytes, writer, ...info, models });
    return;
  }
  const names = info.series.slice(0, 5).join(', ');
  const facts: [string, Cell][] = [
    ['file', `${file}, ${formatBytes(bytes)}, written by version ${writer}`],
    ['horizon', `${info.horizon} steps of ${info.frequency || 'a frequency to be inferred'}`],
    ['series', `${info.seriesCount}: ${names}${info.seriesCount > 5 ? ', …' : ''}`],
    ['columns', [info.idColumn, info.timeColumn, info.targetColumn].join(', ')],
    ['forecasts', info.columns.join(', ')],
    ['series scaler', info.localScaler],
    ...(info.localStaticScaler === 'none'
      ? []
      : [['static scaler', info.localStaticScaler] as [string, Cell]]),
    ...(info.sampleWeight === undefined
      ? []
      : [['row weights', info.sampleWeight] as [string, Cell]]),
    [
      'history',
      info.hasData
        ? `the last ${info.inputSize} rows of every series, so that "predict" needs no data`
        : 'none: "predict" needs data',
    ],
    ...(info.timeZone ? [['time zone', info.timeZone] as [string, Cell]] : []),
    ...(info.compat ? [['compat', 'neuralforecast'] as [string, Cell]] : []),
  ];
  const rows = models.map(({ alias, type, inputSize, parameters, history }): Cell[] => [
    alias,
    type,
    String(inputSize),
    String(parameters),
    String(history?.steps ?? ''),
    String(history?.bestStep ?? ''),
    lossText(history?.trainLoss),
    lossText(history?.validLoss),
  ]);
  const header = ['model', 'type', 'input size', 'parameters', 'steps', 'kept step', 'loss'];
  say(`${facts.map(([name, text]) => `${name.padEnd(14)}${text}\n`).join('')}\n`);
  say(formatTable([...header, 'validation'], rows));
  for (const { alias, changedOptions: changed } of models) {
    say(`\n${alias}, not by default: ${optionsText(changed) || 'nothing'}\n`);
  }
}
