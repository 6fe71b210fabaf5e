import type {
  AdaptiveBounds,
  AdaptiveIntervals as Contract,
  AdaptiveOptions,
  AdaptiveState,
  NumberArray,
} from '../types/index';
import { binding } from './binding';
import { ForecastError, guarded } from './errors';
import { levelList } from './intervals';
import type { NativeAdaptiveIntervals } from './native';
import {
  checkedJson,
  optionalInteger,
  optionalString,
  optionError,
  readOptions,
  show,
} from './options';
import { readFloats } from './numbers';
import { isArray, isObject } from './values';

const LONGEST_HORIZON = 1_000_000;
const RATE = 0.1;
/** Values of a state: thousands of series, each with radii per step, level and side. */
const LARGEST_STATE = 10_000_000;

/** Levels in ascending order and a rate, as native code reads them. */
export function adaptiveOptions(
  place: string,
  options: Partial<Omit<AdaptiveOptions, 'horizon'>>,
): { levels: number[]; rate: number } {
  const levels = levelList(place, 'levels', options.levels ?? [80, 95]);
  const { rate = RATE } = options;
  if (typeof rate !== 'number' || !(rate > 0 && rate <= 1)) {
    throw optionError(place, 'rate', rate, 'a number in (0, 1]');
  }
  return { levels: [...new Set(levels)].sort((a, b) => a - b), rate };
}

function seriesName(place: string, series: unknown): string {
  const name = optionalString(place, 'series', series);
  if (name === undefined) throw optionError(place, 'series', series, 'the name of a series');
  return name;
}

/** Bounds around forecasts of streams, whose radii learn from every value. */
export class AdaptiveIntervals implements Contract {
  readonly horizon: number;
  readonly levels: readonly number[];
  readonly #native: NativeAdaptiveIntervals;

  constructor(options: AdaptiveOptions);
  constructor(options: AdaptiveOptions | { readonly native: NativeAdaptiveIntervals }) {
    const place = 'AdaptiveIntervals';
    if (isObject(options) && 'native' in options) {
      this.#native = options.native;
    } else {
      const read = readOptions(place, options as AdaptiveOptions, ['horizon', 'levels', 'rate']);
      const horizon = optionalInteger(place, 'horizon', read.horizon, 1, LONGEST_HORIZON);
      if (horizon === undefined) {
        throw optionError(place, 'horizon', horizon, 'the number of steps that are forecast');
      }
      const state = { horizon, ...adaptiveOptions(place, read), series: {} };
      this.#native = guarded(() => binding().createAdaptiveIntervals(JSON.stringify(state)));
    }
    const { horizon, levels } = JSON.parse(guarded(() => this.#native.describe()));
    this.horizon = horizon;
    this.levels = levels;
  }

  static from(native: NativeAdaptiveIntervals): AdaptiveIntervals {
    return new AdaptiveIntervals({ native } as unknown as AdaptiveOptions);
  }

  static fromJSON(state: AdaptiveState): AdaptiveIntervals {
    const checked = checkedJson('AdaptiveIntervals', 'state', state, LARGEST_STATE);
    if (!isObject(checked) || isArray(checked)) {
      throw optionError('AdaptiveIntervals', 'state', state, 'what toJSON() gave');
    }
    return AdaptiveIntervals.from(
      guarded(() => binding().createAdaptiveIntervals(JSON.stringify(checked))),
    );
  }

  forecast(series: string, point: NumberArray): AdaptiveBounds[] {
    const name = seriesName('forecast', series);
    const values = readFloats('forecast', point, 'an array of numbers');
    const steps = values.length;
    const bounds = new Float64Array(this.levels.length * 2 * steps);
    guarded(() => this.#native.forecast(name, values, bounds));
    return this.levels.map((level, i) => ({
      level,
      lo: bounds.slice(2 * i * steps, (2 * i + 1) * steps),
      hi: bounds.slice((2 * i + 1) * steps, (2 * i + 2) * steps),
    }));
  }

  update(series: string, value: number | null): void {
    const name = seriesName('update', series);
    if (value !== null && typeof value !== 'number') {
      throw new ForecastError(
        'ERR_ND_DATA',
        `[update] received ${show(value)}, expected a number, or null for a missing value`,
      );
    }
    guarded(() => this.#native.update(name, value ?? Number.NaN));
  }

  toJSON(): AdaptiveState {
    return JSON.parse(guarded(() => this.#native.save()));
  }
}
