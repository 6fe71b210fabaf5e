/** What a saved file keeps for the facade, as a text that the engine does not read: how the caller's tables are written. */

import type { ColumnNames } from '../types/index';
import { readTimeForm, type TimeForm } from './times';

export interface Note {
  /** Names of columns that were given. */
  readonly columns: Partial<ColumnNames>;
  /** Step of time that was given; '' = none. It decides what numbers mean as stamps. */
  readonly frequency: string;
  readonly timeZone?: string | undefined;
  /** Form of the stamps of the fitted panel. */
  readonly time: TimeForm | undefined;
}

const COLUMNS = ['idColumn', 'timeColumn', 'targetColumn'] as const;

export const writeNote = (note: Note): string => JSON.stringify(note);

/** Reads a note; what it lacks, or what this version does not know, is as if nothing had been given. */
export function readNote(text: string): Note {
  const note = parse(text);
  const columns = note.columns as Record<string, unknown> | undefined;
  const isName = (name: unknown) => typeof name === 'string' && name !== '';
  return {
    columns: Object.fromEntries(
      COLUMNS.filter((option) => isName(columns?.[option])).map((option) => [
        option,
        columns?.[option],
      ]),
    ),
    frequency: typeof note.frequency === 'string' ? note.frequency : '',
    timeZone: typeof note.timeZone === 'string' ? note.timeZone : undefined,
    time: readTimeForm(note.time),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
