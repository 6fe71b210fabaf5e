// Line counts of the C++ code: what gcov finds beside the objects of the coverage build.
// A line that is compiled several times, as the kernels are once per SIMD target and templates once per use, ran if
// any of its copies ran.

import { execFile } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { listFiles, root } from '../support.mjs';

const COUNTED = /^(?:native|binding)\//;
const GROUP = 8;

/** The gcov of the compiler that built the objects, which must have its version. */
const GCOV = process.env.GCOV ?? 'gcov';

/** Adds to `counts` (file → line → count) what gcov says of some objects. */
async function read(notes, counts) {
  const args = ['--json-format', '--stdout', ...notes];
  const { stdout } = await promisify(execFile)(GCOV, args, { cwd: root, maxBuffer: 1 << 30 });
  for (const text of stdout.split('\n').filter(Boolean)) {
    for (const { file, lines } of JSON.parse(text).files) {
      const name = path.relative(root, file);
      if (!COUNTED.test(name)) continue;
      const ofFile = counts.get(name) ?? new Map();
      counts.set(name, ofFile);
      for (const { line_number: line, count } of lines) {
        ofFile.set(line, (ofFile.get(line) ?? 0) + count);
      }
    }
  }
}

/** Counts of every line of native/ and binding/ that the build in `folder` compiled, as file → line → count. */
export async function nativeCounts(folder) {
  // The notes rather than the data: an object that no program ran, or even linked, counts as not reached.
  const notes = listFiles([folder], /\.gcno$/);
  const groups = Array.from({ length: Math.ceil(notes.length / GROUP) }, (_, i) =>
    notes.slice(i * GROUP, (i + 1) * GROUP),
  );
  const counts = new Map();
  const work = async () => {
    for (let group = groups.pop(); group; group = groups.pop()) await read(group, counts);
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  return counts;
}
