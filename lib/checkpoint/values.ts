/** What both formats of checkpoints say, in one form. */

import { Tensor } from './tensor';

/** A loss with the arguments it was made with, and what was set later. */
export class LossValue {
  constructor(
    readonly type: string,
    readonly args: ReadonlyMap<string, Value>,
    /** Suffixes of its forecast columns. */
    readonly outputNames: readonly string[] | undefined,
    readonly quantiles: readonly number[] | undefined,
  ) {}
}

/** An optimiser or schedule of torch, by its name. */
export class ClassValue {
  constructor(readonly name: string) {}
}

/** A scaler of whole series: [shift, scale] of each, or none before a fit. */
export class ScalerValue {
  constructor(
    readonly type: string,
    readonly stats: Tensor | undefined,
  ) {}
}

/** Stamps: `ticks` of a unit since 1970-01-01 UTC. */
export class TimesValue {
  constructor(
    readonly ticks: readonly bigint[],
    readonly unit: string,
    readonly zone: string | undefined,
  ) {}
}

/** Columns of a table, by name and in order. */
export class FrameValue {
  constructor(readonly columns: ReadonlyMap<string, Value>) {}
}

/** What conformal intervals are made with. */
export class IntervalsValue {
  constructor(
    readonly method: string,
    readonly windows: number,
    readonly stepSize: number,
  ) {}
}

/** A value that nobody asks for in another form. */
export class OtherValue {
  constructor(readonly what: string) {}
}

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | LossValue
  | ClassValue
  | ScalerValue
  | TimesValue
  | FrameValue
  | IntervalsValue
  | OtherValue
  | Tensor;

/** One network: what it was made with, and its weights. */
export interface ModelRecord {
  readonly file: string;
  /** Name in the columns of forecasts. */
  readonly alias: string;
  /** Its class, in the spelling of the file. */
  readonly type: string;
  readonly hyper: ReadonlyMap<string, Value>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The rows of the fit, scaled and encoded as the networks read them. */
export interface DatasetRecord {
  readonly file: string;
  readonly fields: ReadonlyMap<string, Value>;
}

export interface Checkpoint {
  readonly file: string;
  readonly configuration: ReadonlyMap<string, Value>;
  readonly models: readonly ModelRecord[];
  readonly dataset: DatasetRecord | undefined;
}

export const isMap = (value: unknown): value is ReadonlyMap<Value, Value> => value instanceof Map;

/** A list of numbers, written as a list or as a tensor. */
export function numberList(value: Value | undefined, file: string): number[] | undefined {
  if (value instanceof Tensor) return value.numbers(file);
  if (!Array.isArray(value)) return undefined;
  return value.every((v) => typeof v === 'number') ? (value as number[]) : undefined;
}

/** A list of texts. */
export function textList(value: Value | undefined): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((v) => typeof v === 'string') ? (value as string[]) : undefined;
}
