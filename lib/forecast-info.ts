/** What a forecaster says of itself. */

import type { ForecastInfo } from '../types/index';
import { guarded } from './errors';
import type { NativeNames } from './native';
import { NAMES_AT_ONCE } from './native-table';

/** Adds `series`: many names take a while and are made when they are first asked for. */
export function withNames(info: Omit<ForecastInfo, 'series'>, names: NativeNames): ForecastInfo {
  const read = () => guarded(() => names.read(0, info.seriesCount));
  if (info.seriesCount <= NAMES_AT_ONCE) return { ...info, series: read() };
  let series: readonly string[] | undefined;
  return {
    ...info,
    get series() {
      series ??= read();
      return series;
    },
  };
}
