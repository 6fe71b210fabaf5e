// Builds the package: the native addon into prebuilds/<target>/, the TypeScript facade into dist/.
//   node scripts/build.mjs [--target addon|tests|parity|bench|all] [--quiet]
// `addon` (the default) is what users need; `tests` adds the GoogleTest programs, `all` everything.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
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

const require = createRequire(import.meta.url);
const RELEASE = 'build/release';

const NATIVE_TARGETS = {
  addon: ['nd_node'],
  tests: ['nd_node', 'nd_tests'],
  parity: ['nd_node', 'nd_parity'],
  bench: ['nd_node', 'nd_benches'],
  all: ['nd_node', 'nd_tests', 'nd_parity', 'nd_benches'],
};

// Source of each bundle and where it goes. One that imports another finds it beside itself at run
// time, so that the native state exists once.
const BUNDLES = [
  { source: 'lib/index.ts', output: 'index.js' },
  { source: 'lib/plot/index.ts', output: 'plot.js', optional: true },
  { source: 'lib/cli/main.ts', output: 'cli.js', optional: true },
  // Runs in the page of an HTML plot, which must work without a network.
  { source: 'lib/plot/runtime.ts', output: 'plot-runtime.js', optional: true, browser: true },
];

const targetExists = (target) => capture('ninja', ['-C', RELEASE, '-t', 'query', target]).ok;

/** Builds CMake targets in build/release; those whose sources do not exist are left out. */
export function buildNative(targets, { quiet = false } = {}) {
  const cache = at(RELEASE, 'CMakeCache.txt');
  const werror = process.env.ND_WERROR === '1' ? 'ON' : 'OFF';
  const configured =
    fs.existsSync(at(RELEASE, 'build.ninja')) &&
    fs.readFileSync(cache, 'utf8').includes(`ND_WERROR:BOOL=${werror}`);
  if (!configured || !targets.every(targetExists)) {
    runQuietly('cmake', ['--preset', 'release', `-DND_WERROR=${werror}`]);
  }
  const present = targets.filter(targetExists);
  if (present.length === 0) return [];
  const args = ['--build', RELEASE, '--target', ...present];
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

/** Bundles lib/ into dist/, with an ESM wrapper and its types. */
async function bundleTypeScript() {
  const present = BUNDLES.filter(({ source }) => fs.existsSync(at(source)));
  if (!present.some(({ source }) => source === 'lib/index.ts')) return;
  const outputs = [...present.map(({ output }) => output), 'index.mjs', 'index.d.mts'];
  const stage = {
    inputs: ['lib', 'types', 'package.json', 'package-lock.json', 'scripts/build.mjs'],
    outputs: outputs.map((file) => `dist/${file}`),
  };
  await whenChanged('dist', stage, async () => {
    const esbuild = require('esbuild');
    fs.rmSync(at('dist'), { recursive: true, force: true });
    const sources = new Map(present.map((b) => [at(b.source), b]));
    const { version } = JSON.parse(fs.readFileSync(at('package.json'), 'utf8'));
    const siblings = {
      name: 'siblings',
      setup(build) {
        build.onResolve({ filter: /^\.\.?\// }, ({ path: wanted, resolveDir, kind }) => {
          if (kind === 'entry-point') return undefined;
          const base = path.resolve(resolveDir, wanted);
          const found = [base, `${base}.ts`, `${base}/index.ts`].map((f) => sources.get(f));
          const bundle = found.find((b) => b && !b.browser);
          return bundle && { path: `./${bundle.output}`, external: true };
        });
      },
    };
    const node = {
      absWorkingDir: at(),
      bundle: true,
      platform: 'node',
      target: 'node20',
      external: ['*.node'],
      define: { __ND_VERSION__: JSON.stringify(version) },
      plugins: [siblings],
      legalComments: 'linked',
      logLevel: 'warning',
    };
    for (const { source, output, browser } of present) {
      const isCommand = output === 'cli.js';
      await esbuild.build({
        ...node,
        ...(browser
          ? {
              platform: 'browser',
              target: 'es2022',
              format: 'iife',
              minify: true,
              legalComments: 'none',
            }
          : { format: 'cjs', minifySyntax: true }),
        entryPoints: [source],
        outfile: `dist/${output}`,
        banner: isCommand ? { js: '#!/usr/bin/env node' } : {},
      });
      if (isCommand) fs.chmodSync(at('dist', output), 0o755);
    }
    for (const { output, browser } of present) {
      if (browser || output === 'cli.js') continue;
      await writeEsmWrapper(esbuild, node, output);
    }
  });
}

/** Writes X.mjs, which re-exports every name of the CommonJS bundle X.js, and X.d.mts. */
async function writeEsmWrapper(esbuild, options, output) {
  const { source } = BUNDLES.find((b) => b.output === output);
  const { metafile } = await esbuild.build({
    ...options,
    entryPoints: [source],
    outfile: 'names.js',
    format: 'esm',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const names = metafile.outputs['names.js'].exports.filter((name) => name !== 'default').sort();
  const stem = output.replace(/\.js$/, '');
  fs.writeFileSync(
    at('dist', `${stem}.mjs`),
    `import implementation from './${output}';\n\nexport const {\n  ${names.join(',\n  ')},\n} = implementation;\n`,
  );
  fs.writeFileSync(at('dist', `${stem}.d.mts`), `export * from '../types/${stem}.js';\n`);
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
