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

/** Names as UTF-8, one after the other: native code cuts them up on its own thread. */
export async function packNames(
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<{ names: Uint8Array; nameEnds: Int32Array }> {
  const encoder = new TextEncoder();
  const nameEnds = new Int32Array(ids.length);
  let names = new Uint8Array(0);
  let end = 0;
  const pack = (i: number) => {
    const id = ids[i]!;
    const needed = end + BYTES_PER_UNIT * id.length;
    if (needed > names.length) {
      const wider = new Uint8Array(Math.max(2 * names.length, needed, 1024));
      wider.set(names.subarray(0, end));
      names = wider;
    }
    end += encoder.encodeInto(id, names.subarray(end)).written;
    nameEnds[i] = end;
  };
  const rest = new Slices(signal).eachRow(ids.length, pack, NAMES);
  if (rest) await rest;
  return { names: names.subarray(0, end), nameEnds };
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
  const names = await packNames(ids, signal);
  return { ...names, series, times, features: await packFeatures(features, signal) };
}

/** Checks and copies a panel on another thread. */
export async function createPanel(input: PanelInput, signal?: AbortSignal): Promise<NativePanel> {
  const { ids, features, statics, ...columns } = input;
  const native = {
    ...columns,
    ...(await packNames(ids, signal)),
    features: await packFeatures(features, signal),
    statics: await packFeatures(statics, signal),
  };
  return runJob<NativePanel>((done) => binding().createPanel(native, done), signal);
}
