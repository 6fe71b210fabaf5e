/** Tables and settings of intervals as pickles hold them. */

import { PyDict, PyRecord } from './pickle';
import type { PythonReader } from './python';
import { refuse } from './refuse';
import { Tensor } from './tensor';
import { FrameValue, IntervalsValue, OtherValue, textList, type Value } from './values';

const LONGEST_SLICE = 10_000;

/** Which columns a block holds: slice(from, to, step), or an array of places. */
function placesOf(value: unknown, reader: PythonReader, depth: number): number[] {
  if (value instanceof PyRecord && value.name.name === 'slice') {
    const [from, to, step] = value.args;
    const whole = [from, to, step].every((v) => Number.isSafeInteger(v));
    const count = whole ? Math.ceil((Number(to) - Number(from)) / Number(step)) : -1;
    if (!(count >= 0 && count <= LONGEST_SLICE))
      return refuse(reader.file, 'holds a table in a form that is not known');
    return Array.from({ length: count }, (_, i) => Number(from) + i * Number(step));
  }
  const places = reader.value(value as never, depth + 1);
  return places instanceof Tensor
    ? places.numbers(reader.file)
    : refuse(reader.file, 'holds a table in a form that is not known');
}

/** One of the `count` columns of a block, each of them a row of its values. */
function columnOf(values: Value, column: number, count: number, file: string): Value {
  if (values instanceof Tensor) {
    const rows = values.length / count;
    const numbers = values.numbers(file).slice(column * rows, (column + 1) * rows);
    return Tensor.doubles([rows], numbers);
  }
  // Texts: the names of series, a block of one column.
  return Array.isArray(values) && count === 1 ? values : new OtherValue('column');
}

/** State of a table: its manager, made of blocks (values, which columns, dimensions) and of two axes, columns first. */
export function frameOf({ state }: PyRecord, reader: PythonReader, depth: number): FrameValue {
  const manager = state instanceof PyDict ? state.get('_mgr') : undefined;
  const parts = manager instanceof PyRecord ? manager.args : [];
  const [blocks, axes] = parts;
  if (!Array.isArray(blocks) || !Array.isArray(axes))
    return refuse(reader.file, 'holds a table in a form that is not known');
  const names = textList(reader.value(axes[0], depth + 1)) ?? [];
  const columns = new Map<string, Value>();
  for (const block of blocks) {
    const [values, where] = block instanceof PyRecord ? block.args : [];
    const places = placesOf(where, reader, depth);
    const read = reader.value(values, depth + 1);
    places.forEach((place, i) => {
      const name = names[place];
      if (name === undefined) return;
      columns.set(name, columnOf(read, i, places.length, reader.file));
    });
  }
  return new FrameValue(columns);
}

/** PredictionIntervals: its attributes. */
export function intervalsOf({ state }: PyRecord): IntervalsValue {
  const read = (name: string) => (state instanceof PyDict ? state.get(name) : undefined);
  return new IntervalsValue(
    String(read('method')),
    Number(read('n_windows')),
    Number(read('step_size') ?? 1),
  );
}
