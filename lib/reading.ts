/** Which columns the models of a forecaster read. */

import type { ForecastInfo } from '../types/index';
import { guarded } from './errors';
import { type Exogenous, exogenousOf } from './features';
import type { NativeForecaster } from './native';

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
