// What the runners of GoogleTest and Jest share.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { at } from '../support.mjs';

/** An empty outcome; `texts` is what a reader needs to see of the failures. */
export const outcome = () => ({ passed: 0, failed: 0, skipped: [], texts: [] });

/** Runs a program to its end and gives back { status, output }. */
export function finish(program, args, options) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(program, args, { cwd: at(), ...options });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (c) => chunks.push(c));
    child.on('error', (error) => resolve({ status: -1, output: String(error) }));
    child.on('close', (code, signal) => {
      resolve({ status: code ?? signal, output: Buffer.concat(chunks).toString() });
    });
  });
}

/** A report in JSON, or undefined when there is none. */
export function readReport(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
