/** A table that was read, on its way into native memory. */

import { binding } from './binding';
import type { FutureRows, PanelInput } from './columns';
import type { Feature } from './features';
import { runJob } from './job';
import type { NativeFeature, NativeFuture, NativePanel } from './native';
import { Slices } from './slices';

/** Bytes of UTF-8 that one unit of UTF-16 may need. */
const BYTES_PER_UNIT = 3;
/** Names between two looks at the clock. */
const NAMES = 64;

/** Names in UTF-8, one after the other: native code cuts them up on its own thread. */
class Packer {
  readonly nameEnds: Int32Array;
  readonly #ids: readonly string[];
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(0);
  #end = 0;

  constructor(ids: readonly string[]) {
    this.#ids = ids;
    this.nameEnds = new Int32Array(ids.length);
  }

  get names(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  readonly pack = (i: number): void => {
    const id = this.#ids[i]!;
    const needed = this.#end + BYTES_PER_UNIT * id.length;
    if (needed > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(2 * this.#bytes.length, needed, 1024));
      wider.set(this.names);
      this.#bytes = wider;
    }
    this.#end += this.#encoder.encodeInto(id, this.#bytes.subarray(this.#end)).written;
    this.nameEnds[i] = this.#end;
  };
}

export async function packNames(
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<{ names: Uint8Array; nameEnds: Int32Array }> {
  const packer = new Packer(ids);
  const rest = new Slices(signal).eachRow(ids.length, packer.pack, NAMES);
  if (rest) await rest;
  return packer;
}

/** A column with few rows and texts, at once. */
export function packFeature({ name, values, categories: texts }: Feature): NativeFeature {
  const packer = new Packer(texts);
  for (let i = 0; i < texts.length; i++) packer.pack(i);
  return { name, values, categories: packer.names, categoryEnds: packer.nameEnds };
}

async function packFeatures(
  features: readonly Feature[],
  signal?: AbortSignal,
): Promise<NativeFeature[]> {
  const packed: NativeFeature[] = [];
  for (const { name, values, categories: texts } of features) {
    const { names: categories, nameEnds: categoryEnds } = await packNames(texts, signal);
    packed.push({ name, values, categories, categoryEnds });
  }
  return packed;
}

/** Steps to come as native code takes them. */
export async function packFuture(
  { ids, series, times, features }: FutureRows,
  signal?: AbortSignal,
): Promise<NativeFuture> {
  const { names, nameEnds } = await packNames(ids, signal);
  return { names, nameEnds, series, times, features: await packFeatures(features, signal) };
}

/** Checks and copies a panel on another thread. */
export async function createPanel(input: PanelInput, signal?: AbortSignal): Promise<NativePanel> {
  const { ids, features, statics, ...columns } = input;
  const { names, nameEnds } = await packNames(ids, signal);
  const native = {
    ...columns,
    names,
    nameEnds,
    features: await packFeatures(features, signal),
    statics: await packFeatures(statics, signal),
  };
  return runJob<NativePanel>((done) => binding().createPanel(native, done), signal);
}
