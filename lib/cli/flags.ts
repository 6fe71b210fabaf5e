/**
 * Flags from the registry: every option of every model, loss and fit is a flag of the same name in kebab-case, so that
 * a new model needs no change here. Text becomes a value when it is known which model or loss it is for.
 */

import { type Command, Option } from 'commander';
import type { LossDescription, ModelDescription } from '../../types/index';
import { closestName } from '../options';
import type { Registry, RegistryLoss, RegistryModel, RegistryOption } from '../../types/registry';
import { UsageError } from './report';

/** Parsed flags by camelCase name; a flag that was not given is absent. */
export type Flags = Readonly<Record<string, unknown>>;

/** 'nPoolKernelSize' → 'n-pool-kernel-size', as the user types it. */
export const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

const PLACEHOLDERS: Readonly<Record<RegistryOption['type'], string>> = {
  integer: '<n>',
  number: '<x>',
  boolean: '',
  choice: '<name>',
  integerList: '<n,…>',
  numberList: '<x,…>',
  choiceList: '<name,…>',
  integerMatrix: '<n,…;n,…>',
  integerOrChoice: '<n|name>',
  integerMap: '<name=n,…>',
  object: '<name|json>',
};

interface Owned {
  readonly option: RegistryOption;
  readonly owners: string[];
}

/** The options of several models or losses by name, each with those that have it. */
function byName(sets: readonly { name: string; params: readonly RegistryOption[] }[]): Owned[] {
  const found = new Map<string, Owned>();
  for (const { name, params } of sets) {
    for (const option of params) {
      const known = found.get(option.name);
      if (known) known.owners.push(name);
      else found.set(option.name, { option, owners: [name] });
    }
  }
  return [...found.values()];
}

/** What a flag may be followed by, for completion; commander's own list of choices would refuse other spellings. */
export const suggestions = new WeakMap<Option, readonly string[]>();

function addFlag(command: Command, { option, owners }: Owned, group: string): void {
  const { type, choices, doc, nullable } = option;
  const facts = [
    ...(owners.length > 0 ? [owners.join(', ')] : []),
    ...(choices.length > 0 ? [choices.join(' | ')] : []),
    ...(option.default === null || option.required
      ? []
      : [`default ${JSON.stringify(option.default)}`]),
    ...(nullable && option.default !== null ? ['or null'] : []),
  ];
  const text = facts.length > 0 ? `${doc} (${facts.join('; ')})` : doc;
  // The short name that people know from elsewhere.
  const names = option.name === 'randomSeed' ? '--seed, --random-seed' : `--${kebab(option.name)}`;
  const flag = new Option(`${names} ${PLACEHOLDERS[type]}`.trim(), text).helpGroup(group);
  suggestions.set(flag, choices);
  command.addOption(flag);
  if (type === 'boolean') {
    command.addOption(
      new Option(`--no-${kebab(option.name)}`, `not --${kebab(option.name)}`).hideHelp(),
    );
    // A pair of flags would make "true" the default; the registry decides instead.
    command.setOptionValue(option.name, undefined);
  }
}

const lowerNames = (entries: readonly { readonly name: string }[]) =>
  entries.map(({ name }) => name.toLowerCase());

/**
 * Adds `--model` and a flag for every option that a model, a loss or the training has; `renamed` says which of them have
 * another name in this command.
 */
export function addModelFlags(
  command: Command,
  registry: Registry,
  renamed: Readonly<Record<string, string>> = {},
): void {
  const models = lowerNames(registry.models);
  const model = new Option(
    '--model <name,…>',
    `model to train, repeatable: ${models.join(', ')} (default nhits)`,
  )
    .argParser((text: string, before: string[] | undefined) => [
      ...(before ?? []),
      ...text.split(','),
    ])
    .helpGroup('Models:');
  suggestions.set(model, models);
  command.addOption(model);
  const losses = lowerNames(registry.losses);
  const common = registry.common.map((option) =>
    option.type === 'object' ? { ...option, choices: losses } : option,
  );
  const training = registry.training.map((option) => ({
    ...option,
    name: renamed[option.name] ?? option.name,
  }));
  for (const option of common) addFlag(command, { option, owners: [] }, 'Models:');
  for (const option of training) addFlag(command, { option, owners: [] }, 'Training:');
  const taken = new Set([...registry.common, ...registry.training].map(({ name }) => name));
  const rest = (sets: readonly (RegistryModel | RegistryLoss)[]) =>
    byName(sets).filter(({ option }) => !taken.has(option.name) && taken.add(option.name));
  for (const owned of rest(registry.models)) addFlag(command, owned, 'Options of single models:');
  for (const owned of rest(registry.losses)) addFlag(command, owned, 'Options of losses:');
}

/** The value that `text` means for an option; range and choices are checked by the engine, which knows all of them. */
export function parseValue(option: RegistryOption, text: unknown): unknown {
  if (typeof text !== 'string') return text;
  const expected = (what: string) =>
    new UsageError(`--${kebab(option.name)}: received ${JSON.stringify(text)}, expected ${what}`);
  const numberOf = (part: string, what: string) => {
    const value = Number(part);
    if (part.trim() === '' || Number.isNaN(value)) throw expected(what);
    return value;
  };
  const list = (what: string) => text.split(',').map((part) => numberOf(part, what));
  if (option.nullable && /^(?:null|none)$/i.test(text)) return null;
  switch (option.type) {
    case 'integer':
    case 'number':
      return numberOf(text, option.type === 'integer' ? 'an integer' : 'a number');
    case 'integerList':
    case 'numberList':
      return list('numbers separated by commas');
    case 'choiceList':
      return text.split(',').map((part) => part.trim());
    case 'integerMatrix':
      return text
        .split(';')
        .map((row) =>
          row.split(',').map((part) => numberOf(part, 'numbers such as "512,512;512,512"')),
        );
    case 'integerOrChoice':
      return Number.isNaN(Number(text)) ? text : Number(text);
    case 'integerMap': {
      const what = 'numbers such as "season=4,region=12"';
      const pairs = text.split(',').map((part) => part.split('='));
      if (pairs.some((pair) => pair.length !== 2)) throw expected(what);
      return Object.fromEntries(
        pairs.map(([key, value]) => [key!.trim(), numberOf(value!, what)] as const),
      );
    }
    case 'object':
      try {
        return JSON.parse(text);
      } catch {
        throw expected('JSON');
      }
    default:
      return text;
  }
}

const plain = (name: string) => name.toLowerCase().replace(/[-_ ]/g, '');

function findByName<Entry extends { readonly name: string }>(
  kind: string,
  received: string,
  entries: readonly Entry[],
  suffix = '',
): Entry {
  const wanted = [plain(received), plain(received) + suffix];
  const found = entries.find(({ name }) => wanted.includes(plain(name)));
  if (found) return found;
  const names = entries.map(({ name }) => name);
  const meant = closestName(received, names);
  throw new UsageError(
    `unknown ${kind} "${received}"${meant ? `; did you mean "${meant.toLowerCase()}"?` : `, expected one of ${names.join(', ').toLowerCase()}`}`,
  );
}

export const findModel = (registry: Registry, name: string): RegistryModel =>
  findByName('model', name.trim(), registry.models);

/** Takes the flags of `options` that were given, as values; notes in `used` which those were. */
function take(
  options: readonly RegistryOption[],
  flags: Flags,
  used: Set<string>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const option of options) {
    if (flags[option.name] === undefined) continue;
    values[option.name] = parseValue(option, flags[option.name]);
    used.add(option.name);
  }
  return values;
}

/** `--loss mqloss --levels 80,95`, `--loss '{"type": …}'`, or levels alone, which only one loss understands. */
function lossFrom(
  registry: Registry,
  flags: Flags,
  used: Set<string>,
  flag: string,
): LossDescription | undefined {
  const given = flags[flag];
  if (typeof given === 'string' && given.trim().startsWith('{')) {
    return parseValue({ name: flag, type: 'object' } as RegistryOption, given) as LossDescription;
  }
  const implied =
    flag === 'loss' &&
    flags.intervals === undefined &&
    (flags.levels ?? flags.quantiles) !== undefined
      ? 'MQLoss'
      : undefined;
  const name = (given as string | undefined) ?? implied;
  if (name === undefined) return undefined;
  const loss = findByName('loss', name, registry.losses, 'loss');
  return { type: loss.type, options: take(loss.params, flags, used) };
}

/** Options of every model whose flags mean more than their value, or belong to all models together. */
const SPECIAL = new Set(['horizon', 'inputSize', 'alias', 'loss', 'validLoss']);

/** The models that the flags describe. A flag that none of them has is a usage error. */
export function modelsFrom(registry: Registry, flags: Flags): ModelDescription[] {
  const names = (flags.model as string[] | undefined) ?? ['nhits'];
  // Calibrated intervals are asked of a forecast, whatever the loss.
  const used = new Set<string>(flags.intervals === undefined ? [] : ['levels', 'quantiles']);
  const aliases = (flags.alias as string | undefined)?.split(',');
  if (aliases && aliases.length !== names.length) {
    throw new UsageError(`--alias: received ${aliases.length} names for ${names.length} models`);
  }
  const loss = lossFrom(registry, flags, used, 'loss');
  const validLoss = lossFrom(registry, flags, used, 'validLoss');
  const chosen = names.map((name) => findModel(registry, name));
  const columns = registry.common.filter(({ name }) => !SPECIAL.has(name));
  const models = chosen.map((model, i) => ({
    type: model.type,
    options: {
      ...(aliases ? { alias: aliases[i] } : {}),
      ...(loss ? { loss } : {}),
      ...(validLoss ? { validLoss } : {}),
      ...take(columns, flags, used),
      ...take(registry.training, flags, used),
      ...take(model.params, flags, used),
    },
  }));
  for (const set of [...registry.models, ...registry.losses]) {
    const unused = set.params.find(({ name }) => flags[name] !== undefined && !used.has(name));
    if (!unused) continue;
    const what = chosen.map(({ name }) => name).join(', ');
    throw new UsageError(
      `--${kebab(unused.name)} is an option of ${set.name}, and not of ${what} with this loss`,
    );
  }
  return models;
}
