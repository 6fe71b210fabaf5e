/** The flags of conformal intervals, for the commands that train. */

import type { IntervalOptions, QuantileOptions } from '../../types/index';
import { defined, integerFlag, numbersFlag, textFlag } from './context';
import type { Flags } from './flags';
import { UsageError } from './report';

export const INTERVAL_METHODS = ['error', 'distribution', 'adaptive'] as const;

/** {} without `--intervals`; its companions alone mean nothing. */
export function intervalsFlag(flags: Flags): { intervals?: IntervalOptions } {
  const method = textFlag(flags, 'intervals') as IntervalOptions['method'];
  const rest = defined({
    windows: integerFlag(flags, 'intervalWindows', 1),
    stepSize: integerFlag(flags, 'intervalStepSize', 1),
    pooled: flags.intervalPooled as boolean | undefined,
  });
  if (method !== undefined) {
    return { intervals: { method, ...rest, ...defined({ levels: numbersFlag(flags, 'levels') }) } };
  }
  if (Object.keys(rest).length > 0) {
    throw new UsageError('--intervals is missing: error, distribution or adaptive');
  }
  return {};
}

/** What a forecast is asked for: with `--intervals` the levels are no option of a loss alone. */
export const quantileFlags = (flags: Flags): QuantileOptions =>
  defined({ levels: numbersFlag(flags, 'levels'), quantiles: numbersFlag(flags, 'quantiles') });
