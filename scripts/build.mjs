// Builds the package: the native addon into prebuilds/<target>/, the TypeScript facade into dist/.
//   node scripts/build.mjs [--target addon|tests|parity|bench|all] [--quiet]
// `addon` (the default) is what users need; the others add to it.

import fs from 'node:fs';
import { bundleTypeScript } from './bundle.mjs';
import { setUp } from './setup.mjs';
import {
  at,
  capture,
  fail,
  isProgram,
  prebuildTarget,
  run,
  runQuietly,
  whenChanged,
} from './support.mjs';

const RELEASE = 'build/release';

const NATIVE_TARGETS = {
  addon: ['nd_node'],
  tests: ['nd_node', 'nd_tests'],
  parity: ['nd_node', 'nd_parity'],
  bench: ['nd_node', 'nd_benches'],
  all: ['nd_node', 'nd_tests', 'nd_parity', 'nd_benches'],
};

/** Builds CMake targets in build/<preset>; those whose sources do not exist are left out. */
export function buildNative(targets, { quiet = false, preset = 'release' } = {}) {
  const folder = `build/${preset}`;
  const targetExists = (target) => capture('ninja', ['-C', folder, '-t', 'query', target]).ok;
  const cache = at(folder, 'CMakeCache.txt');
  const werror = process.env.ND_WERROR === '1' ? 'ON' : 'OFF';
  const configured =
    fs.existsSync(at(folder, 'build.ninja')) &&
    fs.readFileSync(cache, 'utf8').includes(`ND_WERROR:BOOL=${werror}`);
  if (!configured || !targets.every(targetExists)) {
    runQuietly('cmake', ['--preset', preset, `-DND_WERROR=${werror}`]);
  }
  const present = targets.filter(targetExists);
  if (present.length === 0) return [];
  const args = ['--build', folder, '--target', ...present];
  if (quiet) runQuietly('cmake', args);
  else run('cmake', args);
  return present;
}

/**
 * Copies the addon and its one library to prebuilds/<target>/, stripped. libtbb gets a SONAME of
 * our own: a process that already holds another libtbb.so.12 would hand us that one.
 */
async function bundleBinary() {
  const built = `${RELEASE}/neuro_divergent.node`;
  if (!fs.existsSync(at(built))) return;
  const folder = `prebuilds/${prebuildTarget()}`;
  const addon = `${folder}/neuro_divergent.node`;
  const library = `${folder}/libnd-tbb.so.12`;
  const isLinux = process.platform === 'linux';
  const outputs = isLinux ? [addon, library] : [addon];
  await whenChanged('prebuild', { inputs: [built, 'scripts/build.mjs'], outputs }, () => {
    fs.mkdirSync(at(folder), { recursive: true });
    // Removed first: overwriting a library in place would pull it from under a running process.
    for (const file of outputs) fs.rmSync(at(file), { force: true });
    fs.copyFileSync(at(built), at(addon));
    if (!isLinux) return;
    const tbb = /libtbb\.so\.12 => (\S+)/.exec(runQuietly('ldd', [built]))?.[1];
    if (!tbb) throw new Error(`${built} does not need libtbb.so.12, or it is not installed`);
    fs.copyFileSync(tbb, at(library));
    // Stripping after patchelf damages the file, so it comes first.
    for (const file of outputs) runQuietly('strip', ['--strip-unneeded', file]);
    runQuietly('patchelf', ['--set-soname', 'libnd-tbb.so.12', library]);
    runQuietly('patchelf', ['--replace-needed', 'libtbb.so.12', 'libnd-tbb.so.12', addon]);
    runQuietly('patchelf', ['--set-rpath', '$ORIGIN', addon]);
  });
}

/** Set-up and build. `target` as on the command line. */
export async function build({ target = 'addon', quiet = false } = {}) {
  const targets = NATIVE_TARGETS[target];
  if (!targets) {
    fail(`build: received target "${target}", expected ${Object.keys(NATIVE_TARGETS).join(', ')}`);
  }
  await setUp({ quiet: true });
  buildNative(targets, { quiet });
  await bundleBinary();
  await bundleTypeScript();
}

if (isProgram(import.meta.filename)) {
  const option = process.argv.indexOf('--target');
  const target = option < 0 ? undefined : process.argv[option + 1];
  try {
    await build({ target, quiet: process.argv.includes('--quiet') });
  } catch (error) {
    fail(`build: ${error.message}`);
  }
}
