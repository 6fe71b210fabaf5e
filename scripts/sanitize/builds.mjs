// What the sanitizer runs share: building a preset, the environment of a run, and counting findings in the
// files that the sanitizers write, since a test runner may swallow what a program printed.

import fs from 'node:fs';
import path from 'node:path';
import { at, capture, listFiles, run, runQuietly, which } from '../support.mjs';

/** Configures and builds targets of a CMake preset; gives back its folder. */
export function buildPreset(preset, targets) {
  const folder = at('build', preset);
  // Configuring again is cheap and picks up what a preset has gained since.
  runQuietly('cmake', ['--preset', preset]);
  run('cmake', ['--build', folder, '--target', ...targets]);
  return folder;
}

/** The file of a run-time library of g++, such as libasan.so, for LD_PRELOAD. */
export function runtimeLibrary(name) {
  return fs.realpathSync(runQuietly('g++', [`-print-file-name=${name}`]).trim());
}

/**
 * Puts programs at addresses that do not change from run to run, where the system lets us: the shadow
 * memory of ThreadSanitizer cannot live with every layout that a kernel may choose.
 */
export const fixedAddresses = () =>
  which('setarch') && capture('setarch', ['-R', 'true']).ok ? ['setarch', '-R'] : [];

/** Options of a sanitizer as its environment variable wants them. */
export const join = (options) =>
  Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join(':');

/** For tests that start processes and kill those that hang: a sanitizer takes ten times as long. */
export const PATIENT = { ND_TEST_LIMIT_MS: '500000' };

/** An empty folder for the reports of one run. */
export function emptyFolder(...parts) {
  const folder = at('build', 'sanitize', ...parts);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

const FINDING =
  /^(?:==\d+==ERROR: (?:Address|Leak)Sanitizer|WARNING: ThreadSanitizer|FATAL: ThreadSanitizer|==\d+==FATAL: ThreadSanitizer|\S+:\d+:\d+: runtime error|.*SUMMARY: UndefinedBehaviorSanitizer)/gm;

/**
 * The findings in a folder of reports: how many, and the text to read. Beside AddressSanitizer, that for
 * undefined behaviour writes to stderr whatever its options say: `shown` is output to count in, too.
 */
export function findingsIn(folder, shown = []) {
  const files = listFiles([path.relative(at(), folder)], /\/report\.[^/]*$/);
  const texts = files.map((file) => fs.readFileSync(at(file), 'utf8'));
  // A report may come without a head that we know; it is a finding all the same.
  const count = (text) => Math.max(1, text.match(FINDING)?.length ?? 0);
  return {
    findings:
      texts.reduce((sum, text) => sum + count(text), 0) +
      shown.reduce((sum, text) => sum + (text.match(/: runtime error: /g)?.length ?? 0), 0),
    texts: texts.map((text, i) => `${files[i]}\n${text.slice(0, 12_000)}`),
  };
}
