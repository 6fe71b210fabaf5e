/** What every command is called with, and its flags as values. */

import type { Registry } from '../../types/registry';
import { type Flags, kebab } from './flags';
import { UsageError } from './report';

export interface Context {
  readonly flags: Flags;
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** Of this package. */
  readonly version: string;
  /** Models, losses and options; throws E0013 where the native binary cannot be loaded. */
  readonly registry: () => Registry;
}

/** A whole number of at least `minimum`, or undefined when the flag was not given. */
export function integerFlag(flags: Flags, name: string, minimum: number): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (String(text).trim() !== '' && Number.isSafeInteger(value) && value >= minimum) return value;
  throw new UsageError(
    `--${kebab(name)}: received ${JSON.stringify(text)}, expected an integer of at least ${minimum}`,
  );
}

/** Numbers with commas between them, or undefined when the flag was not given. */
export function numbersFlag(flags: Flags, name: string): number[] | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const values = String(text).split(',').map(Number);
  if (!/,\s*,|^\s*,|,\s*$|^\s*$/.test(String(text)) && values.every(Number.isFinite)) return values;
  throw new UsageError(
    `--${kebab(name)}: received ${JSON.stringify(text)}, expected numbers such as 0.1,0.9`,
  );
}

/** A number, or undefined when the flag was not given. */
export function numberFlag(flags: Flags, name: string): number | undefined {
  const values = numbersFlag(flags, name);
  if (values === undefined || values.length === 1) return values?.[0];
  throw new UsageError(
    `--${kebab(name)}: received ${JSON.stringify(flags[name])}, expected one number`,
  );
}

/** The text of a flag, or undefined when it was not given. */
export const textFlag = (flags: Flags, name: string) => flags[name] as string | undefined;

/** Without the properties that are undefined. */
export const defined = <Type extends object>(object: Type): Partial<Type> =>
  Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Partial<Type>;

/** How the cells of a file are read. */
export interface CsvFlags {
  separator?: string;
  missing?: 'error' | 'mask';
}

/** How the columns of the CSV file are called and its cells are read, as far as flags say so. */
export function columnFlags(flags: Flags) {
  return defined({
    idColumn: textFlag(flags, 'idColumn'),
    timeColumn: textFlag(flags, 'timeColumn'),
    targetColumn: textFlag(flags, 'targetColumn'),
    separator: textFlag(flags, 'separator')?.replace('\\t', '\t'),
    missing: textFlag(flags, 'missing'),
  }) as { idColumn?: string; timeColumn?: string; targetColumn?: string } & CsvFlags;
}

export const threadsFlag = (flags: Flags) => defined({ threads: integerFlag(flags, 'threads', 1) });
