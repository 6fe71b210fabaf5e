/** What callers of `save` may pass, checked by name and type. */

import type { SaveOptions } from '../types/index';
import { type Note, writeNote } from './note';
import { optionalBoolean, optionalSignal, readOptions } from './options';
import { pathOption } from './requests';

/** `request`: JSON text for native code. */
export function saveRequest(path: string, given: SaveOptions, written: Note) {
  const place = 'save';
  const options = readOptions(place, given, ['includeData', 'includeOptimizer', 'signal']);
  const file = pathOption(place, path);
  const includeData = optionalBoolean(place, 'includeData', options.includeData) ?? true;
  const includeOptimizer = optionalBoolean(place, 'includeOptimizer', options.includeOptimizer);
  return {
    file,
    request: JSON.stringify({ includeData, includeOptimizer, note: writeNote(written) }),
    signal: optionalSignal(place, options.signal),
  };
}
