// Writes what follows from the model registry: types/models.d.ts, lib/models.generated.ts,
// docs/models.md and the flags in docs/cli.md.
//   node scripts/generate.mjs [--check] [--registry FILE]
// --check writes nothing and ends with exit code 1 when a file is not up to date. The registry is
// asked of the built addon, or read from FILE, the JSON text that its registry() returns.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { at, fail, isProgram, prebuildTarget } from './support.mjs';

const WIDTH = 100;

const pascal = (name) => name[0].toUpperCase() + name.slice(1);
const optionsName = (entry) => `${pascal(entry.factory)}Options`;
const isRequired = (entry) => entry.params.some((p) => p.required);

/** "in [0, 1)", "of at least 1", or "" for the whole line. */
function range({ min, max, openMin, openMax }) {
  if (min !== null && max !== null) {
    return ` in ${openMin ? '(' : '['}${min}, ${max}${openMax ? ')' : ']'}`;
  }
  if (min !== null) return openMin ? ` greater than ${min}` : ` of at least ${min}`;
  if (max !== null) return openMax ? ` below ${max}` : ` of at most ${max}`;
  return '';
}

/** What an option accepts, in words. */
function accepts(param) {
  const choices = param.choices.map((c) => `'${c}'`).join(', ');
  const each = range(param) && `, each${range(param)}`;
  const single = param.single ? ', or one such element' : '';
  const words = {
    integer: `an integer${range(param)}`,
    number: `a number${range(param)}`,
    boolean: 'true or false',
    choice: choices ? `one of ${choices}` : 'a string',
    integerList: `a list of integers${each}`,
    numberList: `a list of numbers${each}`,
    choiceList: `a list of ${choices || 'strings'}`,
    integerMatrix: `a list of lists of integers${each}`,
    integerOrChoice: `${choices} or an integer${range(param)}`,
    integerMap: `an object of integers${each}`,
    object: 'a loss',
  }[param.type];
  return words + single + (param.nullable ? ', or null' : '');
}

/** 'cubic-*' in the registry stands for any number after the dash. */
const choiceType = (choice) =>
  choice.endsWith('*') ? `\`${choice.slice(0, -1)}\${number}\`` : `'${choice}'`;

function tsType(param) {
  const choice = param.choices.map(choiceType).join(' | ') || 'string';
  const list = (element) => {
    const whole = `readonly ${element.includes(' ') ? `(${element})` : element}[]`;
    return param.single ? `${element} | ${whole}` : whole;
  };
  const type = {
    integer: 'number',
    number: 'number',
    boolean: 'boolean',
    choice,
    integerList: list('number'),
    numberList: list('number'),
    choiceList: list(choice),
    integerMatrix: 'readonly (readonly number[])[]',
    integerOrChoice: `number | ${choice}`,
    integerMap: 'Readonly<Record<string, number>>',
    object: 'LossDescription',
  }[param.type];
  return param.nullable ? `${type} | null` : type;
}

const literal = (value) =>
  JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, ' ')
    .replace(/\[ /g, '[')
    .replace(/ \]/g, ']')
    .replace(/"/g, "'");

// ── TypeScript ──────────────────────────────────────────────────────────────────────────────────

/** A JSDoc block, wrapped, in one line where it fits. */
function jsdoc(text, indent) {
  const room = WIDTH - indent.length - 3;
  if (text.length + 4 <= room && !text.includes('\n')) return `${indent}/** ${text} */\n`;
  const lines = text.split('\n').flatMap((paragraph) => {
    const wrapped = [''];
    for (const word of paragraph.split(' ')) {
      const line = wrapped.at(-1);
      if (line && line.length + 1 + word.length > room) wrapped.push(word);
      else wrapped[wrapped.length - 1] = line ? `${line} ${word}` : word;
    }
    return wrapped;
  });
  return `${indent}/**\n${lines.map((l) => `${indent} * ${l}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function member(param) {
  const text = pascal(accepts(param));
  const fallback = param.required ? '' : `\n@default ${literal(param.default)}`;
  const mark = param.required ? '' : '?';
  return `${jsdoc(`${param.doc} ${text}.${fallback}`, '  ')}  readonly ${param.name}${mark}: ${tsType(param)};\n`;
}

const members = (params) => params.map(member).join('');

/** Training options whose default a model replaces: declared again, so that JSDoc tells the truth. */
const replaced = (model, training) =>
  Object.entries(model.trainDefaults).map(([name, value]) => ({
    ...training.find((p) => p.name === name),
    default: value,
  }));

function signature(entry, result) {
  const type = optionsName(entry);
  return `${entry.factory}(options${isRequired(entry) ? '' : '?'}: ${type}): ${result}`;
}

const modelDoc = (model) => `${model.name}: ${model.summary}\n${model.paper}`;
const lossDoc = (loss) => `${loss.name}: ${loss.summary} ${loss.formula}`;

const GENERATED = 'Written by scripts/generate.mjs from the model registry. Do not edit.';

export function typesFile({ models, losses, training, common }) {
  const modelTypes = models.map(
    (model) =>
      `${jsdoc(`Options of \`${model.factory}()\`: the network's own; those of training come with them.`, '')}` +
      `export interface ${optionsName(model)} extends ModelOptions {\n` +
      `${members(model.params)}${members(replaced(model, training))}}\n\n` +
      `${jsdoc(modelDoc(model), '')}` +
      `export declare function ${signature(model, 'ModelDescription')};\n`,
  );
  const lossTypes = losses.map(
    (loss) =>
      `${jsdoc(`Options of \`${loss.factory}()\`.`, '')}` +
      `export interface ${optionsName(loss)} {\n${members(loss.params)}}\n\n` +
      `${jsdoc(lossDoc(loss), '')}` +
      `export declare function ${signature(loss, 'LossDescription')};\n`,
  );
  return `/**
 * Models, losses and their options. ${GENERATED}
 */

/** A model to be fitted: plain, frozen data, made by a factory such as \`nhits()\`. */
export interface ModelDescription {
  /** Its name in the registry. */
  readonly type: string;
  /** The options that were given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A loss: plain, frozen data, made by a factory such as \`mqLoss()\`. */
export interface LossDescription {
  /** Its name in the registry. */
  readonly type: string;
  /** The options that were given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Options of training, the same for all models. */
export interface TrainingOptions {
${members(training)}}

/** Options that every model has, besides its own. */
export interface ModelOptions extends TrainingOptions {
${members(common.map((p) => ({ ...p, required: false })))}}

${[...modelTypes, ...lossTypes].join('\n')}`;
}

export function factoriesFile({ models, losses }) {
  const factory = (entry, result, doc) =>
    `${jsdoc(doc, '')}export function ${entry.factory}(options: ${optionsName(entry)}` +
    `${isRequired(entry) ? '' : ' = {}'}): ${result} {\n` +
    `  return describe('${entry.type}', options);\n}\n`;
  const types = [...models, ...losses]
    .map(optionsName)
    .concat('LossDescription', 'ModelDescription');
  return `/**
 * The factories of models and losses. ${GENERATED}
 */

import type {
${types
  .sort()
  .map((t) => `  ${t},\n`)
  .join('')}} from '../types/models';
import { optionError } from './options';
import { isArray, isObject } from './values';

/** A description is data: what the options mean is checked by the engine, which knows the registry. */
function describe(type: string, options: object): ModelDescription & LossDescription {
  const isGiven = isObject(options) && !isArray(options);
  if (!isGiven) throw optionError(type, 'options', options, 'an object');
  return Object.freeze({ type, options: Object.freeze({ ...options }) });
}

${[
  ...models.map((m) => factory(m, 'ModelDescription', modelDoc(m))),
  ...losses.map((l) => factory(l, 'LossDescription', lossDoc(l))),
].join('\n')}`;
}

// ── docs/models.md ──────────────────────────────────────────────────────────────────────────────

const cell = (text) => text.replace(/\|/g, '\\|');

function optionTable(params) {
  const rows = params.map(
    (p) =>
      `| \`${p.name}\` | ${p.required ? 'required' : `\`${literal(p.default)}\``} | ` +
      `${cell(`${p.doc} ${pascal(accepts(p))}.`)} |\n`,
  );
  return `| option | default | meaning |\n|---|---|---|\n${rows.join('')}`;
}

function modelSection(model, training) {
  const own = model.params.length > 0 ? optionTable(model.params) : 'No options of its own.\n';
  const defaults = replaced(model, training)
    .map((p) => `\`${p.name}\` = \`${literal(p.default)}\``)
    .join(', ');
  return (
    `### ${model.name}\n\n\`${model.factory}()\`: ${model.summary}\n\n` +
    `${model.paper}\n\n${own}` +
    `${defaults ? `\nDefaults of training that differ: ${defaults}.\n` : ''}`
  );
}

const yes = (value) => (value ? 'yes' : '–');

export function docsFile({ models, losses, training, common }) {
  const overview = models.map(
    ({ name, family, capabilities: c }) =>
      `| [${name}](#${name.toLowerCase()}) | ${family} | ${yes(c.futr)} | ${yes(c.hist)} | ` +
      `${yes(c.stat)} | ${yes(c.interpretable)} |\n`,
  );
  const lossSections = losses.map(
    (l) =>
      `### ${l.name}\n\n\`${l.factory}()\`: ${l.summary} Formula: ${l.formula}\n\n${optionTable(l.params)}`,
  );
  return `# Models, losses and their options

<!-- ${GENERATED} -->

A model is described by one flat object: the network's own options, those of training and those that
every model has. All have defaults but \`horizon\`, which is usually given once for all models.

\`\`\`ts
import { mqLoss, NeuralForecast, nhits } from 'neuro-divergent';

const model = nhits({ maxSteps: 500, nPoolKernelSize: [4, 2, 1], loss: mqLoss({ levels: [80, 95] }) });
const nf = new NeuralForecast({ horizon: 12, models: [model] });
\`\`\`

| model | family | future exogenous | historic exogenous | static exogenous | interpretable |
|---|---|---|---|---|---|
${overview.join('')}
The exogenous columns say what the network can read.

## Models

${models.map((m) => modelSection(m, training)).join('\n')}
## Options of every model

${optionTable(common)}
## Options of training

${optionTable(training)}
## Losses

WM(e) is the mean of e over the observed steps of all windows, weighted by \`horizonWeight\`.

${lossSections.join('\n')}`;
}

// ── docs/cli.md ─────────────────────────────────────────────────────────────────────────────────

const kebab = (name) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** One row per flag, with the models or losses that have it. */
function flagsTable({ models, losses, training, common }) {
  const flags = new Map();
  const add = (owner, params) => {
    for (const { name, type, doc } of params) {
      const flag = `--${kebab(name)}`;
      const names = name === 'randomSeed' ? ['--seed', flag] : [flag];
      if (type === 'boolean') names.push(`--no-${kebab(name)}`);
      const known = flags.get(name) ?? { names, doc, owners: [] };
      flags.set(name, { ...known, owners: [...known.owners, owner] });
    }
  };
  for (const set of [...models, ...losses]) add(set.name, set.params);
  add('training', training);
  const every = common.map(({ name, doc }) => [`--${kebab(name)}`, 'all', doc]);
  const some = [...flags.values()]
    .sort((a, b) => (a.names[0] < b.names[0] ? -1 : 1))
    .map(({ names, owners, doc }) => [names.join('`, `'), owners.join(', '), doc]);
  const model = ['--model', 'all', 'Models to train, separated by commas; repeatable.'];
  const rows = [model, ...every, ...some].map(
    ([flag, owners, doc]) => `| \`${flag}\` | ${owners} | ${cell(doc)} |\n`,
  );
  return `| flag | of | |\n|---|---|---|\n${rows.join('')}`;
}

/** The page with its table of flags renewed. */
export function cliPage(page, registry) {
  const parts = /^(.*<!-- flags: [^\n]*-->\n).*(<!-- end of flags -->.*)$/s.exec(page);
  if (!parts) throw new Error('docs/cli.md lacks the marks around its table of flags');
  return `${parts[1]}\n${flagsTable(registry)}\n${parts[2]}`;
}

// ── The program ─────────────────────────────────────────────────────────────────────────────────

function readRegistry(file) {
  if (file) return JSON.parse(fs.readFileSync(file, 'utf8'));
  const addon = at('prebuilds', prebuildTarget(), 'neuro_divergent.node');
  if (!fs.existsSync(addon)) throw new Error(`${addon} is missing; run \`npm run build\` first`);
  return JSON.parse(createRequire(import.meta.url)(addon).registry());
}

function main(args) {
  const check = args.includes('--check');
  const given = args.indexOf('--registry');
  const registry = readRegistry(given < 0 ? undefined : args[given + 1]);
  const files = {
    'types/models.d.ts': typesFile(registry),
    'lib/models.generated.ts': factoriesFile(registry),
    'docs/models.md': docsFile(registry),
    'docs/cli.md': cliPage(fs.readFileSync(at('docs', 'cli.md'), 'utf8'), registry),
  };
  const stale = Object.entries(files).filter(
    ([file, text]) => !fs.existsSync(at(file)) || fs.readFileSync(at(file), 'utf8') !== text,
  );
  if (check && stale.length > 0) {
    const names = stale.map(([file]) => file).join(', ');
    fail(`not up to date: ${names}; run \`npm run generate\``);
  }
  for (const [file, text] of stale) {
    fs.writeFileSync(at(file), text);
    process.stdout.write(`wrote ${file}\n`);
  }
}

if (isProgram(import.meta.filename)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    fail(`generate: ${error.message}`);
  }
}
