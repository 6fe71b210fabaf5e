// One pass of a native benchmark that measures all of its rows by itself.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { at, runQuietly } from '../support.mjs';

/** { target, rows } of one run. `only`: parts of the names of the work to do, "|" between them; '' = all. */
export function nativePass(program, { threads, quick, only = '' }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-bench-'));
  const file = path.join(folder, 'rows.json');
  try {
    const args = ['--json', file, '--threads', String(threads)];
    if (only !== '') args.push('--only', only);
    if (quick) args.push('--quick');
    runQuietly(at('build', 'release', program), args);
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
