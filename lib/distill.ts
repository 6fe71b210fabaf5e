/** The option `distill` of `fit`: a fitted forecaster whose forecasts are learned too. */

import type { Distillation, ForecastInfo } from '../types/index';
import { ForecastError, guarded } from './errors';
import { type Exogenous, exogenousOf } from './features';
import type { NativeForecaster } from './native';
import { optionalString, optionError, readOptions } from './options';
import { isArray, isObject } from './values';

const PLACE = 'fit';
const WEIGHT = 0.5;

export interface Distill {
  /** What native code reads. */
  readonly settings: { readonly distill?: { readonly model: string; readonly weight: number } };
  /** What should be a forecaster. */
  readonly teacher: object | undefined;
}

export function distillOption(given: Distillation | undefined): Distill {
  if (given === undefined) return { settings: {}, teacher: undefined };
  if (!isObject(given) || isArray(given)) {
    throw optionError(PLACE, 'distill', given, 'an object such as { teacher: nf }');
  }
  const options = readOptions<Distillation>(PLACE, given, ['teacher', 'model', 'weight']);
  const { teacher, weight = WEIGHT } = options;
  const model = optionalString(PLACE, 'distill.model', options.model) ?? '';
  if (typeof weight !== 'number' || !(weight > 0 && weight <= 1)) {
    throw optionError(PLACE, 'distill.weight', weight, 'a number above 0 and of at most 1');
  }
  if (!isObject(teacher) || isArray(teacher)) throw noTeacher(PLACE, teacher);
  return { settings: { distill: { model, weight } }, teacher };
}

export const noTeacher = (place: string, given: unknown): ForecastError =>
  optionError(place, 'distill.teacher', given, 'a fitted NeuralForecast');

/** Throws where a forecaster would learn from itself. */
export function checkOther(teacher: object | undefined, student: object): void {
  if (teacher !== student) return;
  throw new ForecastError(
    'ERR_ND_CONFIG',
    `[${PLACE}] received the forecaster itself as distill.teacher, expected another one, such as its clone()`,
    { option: 'distill.teacher' },
  );
}

/** The columns that a teacher reads of the table of a fit. */
export function columnsOf(
  teacher: NativeForecaster | null,
  { distill }: Distill['settings'],
): Exogenous | undefined {
  if (!teacher || !distill) return undefined;
  const { models }: ForecastInfo = JSON.parse(guarded(() => teacher.info()));
  const asked = models.filter(({ alias }) => distill.model === '' || alias === distill.model);
  return exogenousOf(asked);
}
