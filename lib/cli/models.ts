/** The command `models`: what the registry says, for people and for programs. */

import type { Registry, RegistryOption } from '../../types/registry';
import type { Context } from './context';
import { findModel, kebab } from './flags';
import { formatTable, say, sayJson } from './report';

const capabilitiesOf = (capabilities: Readonly<Record<string, boolean>>) =>
  Object.entries(capabilities)
    .filter(([, has]) => has)
    .map(([name]) => name);

const listModels = {
  json: (registry: Registry) => ({
    models: registry.models.map(({ name, family, summary, paper }) => ({
      name,
      family,
      summary,
      paper,
    })),
    losses: registry.losses.map(({ name, summary }) => ({ name, summary })),
  }),
  text(registry: Registry): string {
    const models = registry.models.map(({ name, summary }) => [name.toLowerCase(), summary]);
    const losses = registry.losses.map(({ name, summary }) => [name.toLowerCase(), summary]);
    return `${formatTable(['model', ''], models)}\n${formatTable(['loss', ''], losses)}\n"neuro-divergent models nhits" describes one model.\n`;
  },
};

function rangeOf({ min, max, choices, type }: RegistryOption): string {
  if (choices.length > 0) return choices.join(' | ');
  if (type === 'boolean') return 'true | false';
  return min === null && max === null ? '' : `${min ?? '-∞'} … ${max ?? '∞'}`;
}

/** A model's options and the training options with the defaults that hold for it. */
function optionsOf(registry: Registry, name: string): RegistryOption[] {
  const { params, trainDefaults } = findModel(registry, name);
  const training = registry.training.map((option) =>
    option.name in trainDefaults ? { ...option, default: trainDefaults[option.name] } : option,
  );
  return [...params, ...registry.common, ...training];
}

const describeModel = {
  json(registry: Registry, name: string) {
    const { params: _, trainDefaults: __, ...model } = findModel(registry, name);
    return { ...model, options: optionsOf(registry, name) };
  },
  text(registry: Registry, name: string): string {
    const model = findModel(registry, name);
    const rows = optionsOf(registry, name).map((option) => [
      `--${kebab(option.name)}`,
      option.required ? 'required' : JSON.stringify(option.default),
      rangeOf(option),
      option.doc,
    ]);
    const can = capabilitiesOf(model.capabilities).join(', ') || 'none';
    const head = `${model.name}: ${model.summary}\n${model.paper}\nCapabilities: ${can}\n`;
    return `${head}\n${formatTable(['option', 'default', 'range', 'meaning'], rows, 200)}`;
  },
};

/** `models [name]`. */
export function runModels(name: string | undefined, { registry, json }: Context): void {
  const known = registry();
  if (json) {
    sayJson(name === undefined ? listModels.json(known) : describeModel.json(known, name));
  } else {
    say(name === undefined ? listModels.text(known) : describeModel.text(known, name));
  }
}
