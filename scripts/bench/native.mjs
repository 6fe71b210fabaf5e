// One pass of a native benchmark that measures all of its rows by itself.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { at, runQuietly } from '../support.mjs';

/** Runs `program` on `threads` threads: { target, rows }, the rows of that number of threads. */
export function nativePass(program, threads, quick) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-bench-'));
  const file = path.join(folder, 'rows.json');
  try {
    const args = ['--json', file, '--threads', String(threads), ...(quick ? ['--quick'] : [])];
    runQuietly(at('build', 'release', program), args);
    const { target, rows } = JSON.parse(fs.readFileSync(file, 'utf8'));
    return { target, rows: rows.filter((r) => (r.threads ?? 1) === threads) };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
