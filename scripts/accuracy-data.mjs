// Data files as the accuracy suites read them.

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

/** The markets of epf/. */
export const MARKETS = ['NP', 'PJM', 'BE', 'FR', 'DE'];

/** The lines of a text file, compressed or not. */
export function readLines(file) {
  const bytes = fs.readFileSync(file);
  const text = (file.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes).toString();
  return text.trimEnd().split(/\r?\n/);
}

/** The series of a file of the M4 competition: one per line, name first, empty cells at the end. */
export function readM4(folder, name) {
  const [, ...lines] = readLines(path.join(folder, 'm4', name));
  return lines.map((line) => {
    const [id, ...cells] = line.replaceAll('"', '').split(',');
    const end = cells.indexOf('');
    return { id, values: cells.slice(0, end < 0 ? cells.length : end).map(Number) };
  });
}
