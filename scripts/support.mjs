// What the build scripts share: paths, running programs, and knowing whether inputs changed.
// Nothing here may need an npm package, because set-up itself runs through it.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** A path inside the repository. */
export const at = (...parts) => path.join(root, ...parts);

/** Whether the module of this file name is the program that Node.js was started with. */
export const isProgram = (filename) =>
  process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === filename;

/** Prints why the script cannot go on and ends it with exit code 1. */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs a program with the output shown; throws when it fails. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit code ${status}`);
}

/** Runs a program and gives back { ok, status, stdout, output }; prints nothing. */
export function capture(program, args, options = {}) {
  const done = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  const stdout = done.stdout ?? '';
  const output = done.error ? String(done.error.message) : stdout + (done.stderr ?? '');
  return { ok: done.status === 0, status: done.status, stdout, output };
}

/** Runs a program quietly; shows its whole output only when it fails, then throws. */
export function runQuietly(program, args, options = {}) {
  const done = capture(program, args, options);
  if (!done.ok) throw new Error(`${program} ${args.join(' ')} failed:\n${done.output}`);
  return done.stdout;
}

/** The full path of a program on PATH, or undefined. */
export function which(program) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, program);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      return file;
    } catch {}
  }
  return undefined;
}

/** Every file under the given files or folders, sorted, as paths relative to the root. */
export function listFiles(places, matches = /./) {
  const found = [];
  const visit = (place) => {
    const stat = fs.statSync(at(place), { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of fs.readdirSync(at(place))) visit(path.join(place, name));
    } else if (matches.test(place)) {
      found.push(place);
    }
  };
  for (const place of places) visit(place);
  return found.sort();
}

/** SHA-256 of a file or a string of bytes, in hex. */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * Runs `work` unless the contents of `inputs` are those of its last success and every file of
 * `outputs` is still there. Contents rather than times: a fresh checkout or a touched file
 * rebuilds nothing. Returns whether it ran.
 */
export async function whenChanged(name, { inputs, outputs = [], salt = '' }, work) {
  const hash = createHash('sha256').update(salt);
  for (const file of listFiles(inputs))
    hash.update(`\0${file}\0`).update(fs.readFileSync(at(file)));
  const digest = hash.digest('hex');
  const stamp = at('build', 'stamps', name);
  const current = fs.existsSync(stamp) ? fs.readFileSync(stamp, 'utf8') : '';
  if (current === digest && outputs.every((file) => fs.existsSync(at(file)))) return false;
  await work();
  fs.mkdirSync(path.dirname(stamp), { recursive: true });
  fs.writeFileSync(stamp, digest);
  return true;
}

/** The folder name of this machine's prebuilt binary: linux-x64, linuxmusl-arm64, darwin-arm64 … */
export function prebuildTarget() {
  let system = process.platform;
  if (system === 'linux') {
    process.report.excludeNetwork = true;
    if (!process.report.getReport().header.glibcVersionRuntime) system = 'linuxmusl';
  }
  return `${system}-${process.arch}`;
}
