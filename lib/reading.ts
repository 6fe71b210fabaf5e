/** How the tables of a forecaster's caller become what native code reads. */

import type { ColumnNames, ForecastInfo, TableInput } from '../types/index';
import { readFuture, readPanel, type ReadOptions } from './columns';
import { ForecastError, guarded } from './errors';
import { type Exogenous, exogenousOf } from './features';
import type { NativeForecaster, NativeFuture, NativePanel } from './native';
import { createPanel, packFuture } from './native-panel';
import type { Note } from './note';
import type { TimeForm } from './times';

/** How the table of a call is read. */
export interface PanelCall {
  readonly signal: AbortSignal | undefined;
  readonly statics?: TableInput | undefined;
  /** Step of time of its rows, where not the one that the object was made with. */
  readonly frequency?: string | undefined;
  /** Whether nothing beside the target is read. */
  readonly bare?: boolean;
  /** Whether something is trained on it, so that the weights of rows are read. */
  readonly trains?: boolean;
  /** Columns that somebody else reads of it. */
  readonly beside?: Exogenous | undefined;
}

/** A panel in native memory, to be disposed, and how its stamps were written. */
export interface OpenPanel {
  readonly panel: NativePanel;
  readonly form: TimeForm;
}

/** What the models read and how the caller writes it; the same for the whole life of a forecaster. */
export class TableReader {
  /** Names of columns that were given. */
  readonly names: Partial<ColumnNames>;
  /** Step of time that was given; '' = none. */
  readonly frequency: string;
  readonly timeZone: string | undefined;
  readonly #exogenous: Exogenous;
  /** The column with the weights of rows. */
  readonly #weight: string | undefined;
  /** Whether a target may be missing. */
  readonly #missing: boolean;

  constructor(native: NativeForecaster, note: Pick<Note, 'columns' | 'frequency' | 'timeZone'>) {
    const { models, sampleWeight, missing }: ForecastInfo = JSON.parse(
      guarded(() => native.info()),
    );
    this.#exogenous = exogenousOf(models);
    this.#weight = sampleWeight;
    this.#missing = missing === 'mask';
    this.names = note.columns;
    this.frequency = note.frequency;
    this.timeZone = note.timeZone;
  }

  async open(place: string, table: TableInput, call: PanelCall): Promise<OpenPanel> {
    const { input, form } = await readPanel(place, table, this.names, this.#options(call));
    return { panel: await createPanel(input, call.signal), form };
  }

  /** What is known of the steps to come, in the time of a panel; null where no model reads it. */
  async future(
    place: string,
    table: TableInput | undefined,
    panel: TimeForm | undefined,
    call: Pick<PanelCall, 'signal' | 'frequency'>,
  ): Promise<NativeFuture | null> {
    const { futr } = this.#exogenous;
    if (futr.length === 0 || table === undefined) return null;
    const options = { ...this.#options(call), features: futr };
    const rows = await readFuture(place, table, this.names, options);
    checkSameKind(place, rows.form, panel);
    return packFuture(rows, call.signal);
  }

  #options({ signal, frequency, statics, bare, trains, beside }: PanelCall): ReadOptions {
    const { futr, hist, stat } = beside ? union(this.#exogenous, beside) : this.#exogenous;
    return {
      frequency: frequency ?? this.frequency,
      timeZone: this.timeZone,
      signal,
      missing: this.#missing,
      ...(bare
        ? {}
        : {
            features: [...new Set([...futr, ...hist])],
            statics: { names: stat, table: statics },
            weight: trains ? this.#weight : undefined,
          }),
    };
  }
}

function union(one: Exogenous, other: Exogenous): Exogenous {
  const both = (kind: keyof Exogenous) => [...new Set([...one[kind], ...other[kind]])];
  return { futr: both('futr'), hist: both('hist'), stat: both('stat') };
}

/** Throws E0011 where a future table and its panel have times of different kinds. */
function checkSameKind(place: string, future: TimeForm, panel: TimeForm | undefined): void {
  if (!panel || panel.calendar === future.calendar) return;
  const kind = (calendar: boolean) => (calendar ? 'calendar' : 'integer');
  throw new ForecastError(
    'ERR_ND_DATA',
    `[${place}] the future table has ${kind(future.calendar)} times and the panel ${kind(panel.calendar)} times, expected one kind`,
  );
}
