/** Scalers of whole series. */

import { refuse } from './refuse';
import { isMap, ScalerValue, type Value } from './values';

export interface Scale {
  readonly shift: number;
  readonly scale: number;
}

/** Of each series. */
export type Scales = readonly Scale[];

/** What the scaler of a column learned; undefined when the column has none. */
export function scalesOf(
  scalers: Value | undefined,
  column: string,
  series: number,
  file: string,
): Scales | undefined {
  const scaler = isMap(scalers) ? scalers.get(column) : undefined;
  const stats = scaler instanceof ScalerValue ? scaler.stats : undefined;
  if (stats === undefined) return undefined;
  const values = stats.numbers(file);
  if (values.length !== 2 * series) {
    return refuse(file, `scales ${values.length / 2} series, expected ${series}`);
  }
  return Array.from({ length: series }, (_, s) => ({
    shift: values[2 * s]!,
    scale: values[2 * s + 1]!,
  }));
}

/** The value before a scaler, whose boxcox has λ where others have a shift. */
export function unscale(type: Value | undefined, value: number, { shift, scale }: Scale): number {
  if (type !== 'boxcox') return value * scale + shift;
  return shift === 0 ? Math.exp(value) : (shift * value + 1) ** (1 / shift);
}

/** The value behind it, as networks see it. */
export function scaleValue(type: string, value: number, { shift, scale }: Scale): number {
  if (type !== 'boxcox') return (value - shift) / scale;
  return shift === 0 ? Math.log(value) : (value ** shift - 1) / shift;
}
