/** Which columns the models of a forecaster read. */

import type { ForecastInfo, TableInput } from '../types/index';
import { ForecastError, guarded } from './errors';
import { type Exogenous, exogenousOf } from './features';
import type { NativeForecaster } from './native';
import type { TimeForm } from './times';

/** How a forecaster reads a panel. */
export interface Reading {
  /** What the models read beside the target. */
  readonly exogenous: Exogenous;
  /** The column with the weights of rows, which training reads. */
  readonly weight: string | undefined;
  /** Whether a target may be missing. */
  readonly missing: boolean;
}

export function readingOf(native: NativeForecaster): Reading {
  const info: ForecastInfo = JSON.parse(guarded(() => native.info()));
  const { models, sampleWeight: weight, missing } = info;
  return { exogenous: exogenousOf(models), weight, missing: missing === 'mask' };
}

/** How the table of a call is read. */
export interface PanelCall {
  readonly signal: AbortSignal | undefined;
  readonly statics?: TableInput | undefined;
  /** Whether nothing beside the target is read. */
  readonly bare?: boolean;
  /** Whether something is trained on it. */
  readonly trains?: boolean;
}

/** Throws E0011 where a future table and its panel have times of different kinds. */
export function checkSameKind(place: string, future: TimeForm, panel: TimeForm | undefined): void {
  if (!panel || panel.calendar === future.calendar) return;
  const kind = (calendar: boolean) => (calendar ? 'calendar' : 'integer');
  throw new ForecastError(
    'ERR_ND_DATA',
    `[${place}] the future table has ${kind(future.calendar)} times and the panel ${kind(panel.calendar)} times, expected one kind`,
  );
}
