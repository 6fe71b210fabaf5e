import { ForecastError } from '../errors';

/** Files of checkpoints are read by name, so every refusal says which one: E0006. */
export function refuse(file: string, what: string): never {
  throw new ForecastError('ERR_ND_FILE', `[importCheckpoint] ${file}: ${what}`, { path: file });
}

/** How much of a name from a file is repeated in a message. */
export const shown = (name: string): string =>
  JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
