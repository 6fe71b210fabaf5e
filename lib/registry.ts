import type { Registry } from '../types/registry';
import { binding } from './binding';
import { guarded } from './errors';

/** Every model, loss and option with type, default, range and meaning. */
export function registry(): Registry {
  return guarded(() => JSON.parse(binding().registry()) as Registry);
}
