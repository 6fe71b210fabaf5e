// Bundles lib/ into dist/: one CommonJS file per entry, with a thin ESM wrapper and its types.
// CommonJS is the implementation, because native state must exist once in a process.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { at, whenChanged } from './support.mjs';

const require = createRequire(import.meta.url);

// One that imports another finds it beside itself at run time instead of carrying a copy.
const BUNDLES = [
  { source: 'lib/index.ts', output: 'index.js', wrapped: true },
  { source: 'lib/plot/index.ts', output: 'plot.js', wrapped: true },
  { source: 'lib/cli/main.ts', output: 'cli.js', banner: '#!/usr/bin/env node' },
  // Inlined into HTML plots, which must work without a network; Node loads it to draw SVG.
  { source: 'lib/plot/runtime.ts', output: 'plot-runtime.js', browser: true },
];

/** The names and versions of the npm packages whose code is in dist/, written by each build. */
export const BUNDLED_PACKAGES = 'build/bundled-packages.json';

/** Resolves an import of another entry's source to that entry's bundle. */
const siblings = (bundles) => ({
  name: 'siblings',
  setup(build) {
    const bySource = new Map(bundles.filter((b) => !b.browser).map((b) => [at(b.source), b]));
    build.onResolve({ filter: /^\.\.?(\/|$)/ }, ({ path: wanted, resolveDir, kind }) => {
      if (kind === 'entry-point') return undefined;
      const base = path.resolve(resolveDir, wanted);
      const bundle = [base, `${base}.ts`, `${base}/index.ts`]
        .map((file) => bySource.get(file))
        .find(Boolean);
      return bundle && { path: `./${bundle.output}`, external: true };
    });
  },
});

function optionsFor(bundle, bundles) {
  const { version } = JSON.parse(fs.readFileSync(at('package.json'), 'utf8'));
  const forNode = { platform: 'node', target: 'node20', format: 'cjs', minifySyntax: true };
  const forPage = { platform: 'browser', target: 'es2022', format: 'iife', minify: true };
  return {
    ...(bundle.browser ? forPage : forNode),
    absWorkingDir: at(),
    entryPoints: [bundle.source],
    bundle: true,
    metafile: true,
    write: false,
    outfile: at('dist', bundle.output),
    external: ['*.node'],
    define: { __ND_VERSION__: JSON.stringify(version) },
    banner: bundle.banner ? { js: bundle.banner } : {},
    plugins: [siblings(bundles)],
    // With the sources inside, so that a stack trace of `node --enable-source-maps` and a debugger show them.
    sourcemap: bundle.browser ? false : 'linked',
    // Licences of what is bundled stand in THIRD_PARTY_NOTICES.md.
    legalComments: 'none',
    logLevel: 'warning',
  };
}

/** The npm packages that put at least one byte into a bundle, as name → version. */
function packagesIn(metafile) {
  const found = {};
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
      if (!folder || bytesInOutput === 0) continue;
      const { name, version } = JSON.parse(fs.readFileSync(at(folder, 'package.json'), 'utf8'));
      found[name] = version;
    }
  }
  return found;
}

/** X.mjs, which re-exports every name of the CommonJS bundle X.js, and X.d.mts. */
async function wrapperOf(esbuild, bundle, bundles) {
  const { metafile } = await esbuild.build({
    ...optionsFor(bundle, bundles),
    format: 'esm',
    sourcemap: false,
    logLevel: 'silent',
  });
  const names = Object.values(metafile.outputs)[0].exports.filter((name) => name !== 'default');
  const stem = bundle.output.replace(/\.js$/, '');
  return {
    [`${stem}.mjs`]:
      `import implementation from './${bundle.output}';\n\n` +
      `export const { ${names.sort().join(', ')} } = implementation;\n`,
    [`${stem}.d.mts`]: `export * from '../types/${stem}.js';\n`,
  };
}

/** Builds dist/ unless it is up to date. */
export async function bundleTypeScript() {
  const bundles = BUNDLES.filter(({ source }) => fs.existsSync(at(source)));
  const outputs = bundles.flatMap(({ output, wrapped, browser }) => [
    output,
    ...(browser ? [] : [`${output}.map`]),
    ...(wrapped ? ['mjs', 'd.mts'].map((ending) => output.replace(/js$/, ending)) : []),
  ]);
  const stage = {
    inputs: ['lib', 'types', 'package.json', 'package-lock.json', 'scripts/bundle.mjs'],
    outputs: [BUNDLED_PACKAGES, ...outputs.map((file) => `dist/${file}`)],
  };
  await whenChanged('dist', stage, async () => {
    const esbuild = require('esbuild');
    const files = {};
    const packages = {};
    for (const bundle of bundles) {
      const { outputFiles, metafile } = await esbuild.build(optionsFor(bundle, bundles));
      for (const file of outputFiles) files[path.basename(file.path)] = file.contents;
      Object.assign(packages, packagesIn(metafile));
      if (bundle.wrapped) Object.assign(files, await wrapperOf(esbuild, bundle, bundles));
    }
    fs.rmSync(at('dist'), { recursive: true, force: true });
    fs.mkdirSync(at('dist'));
    for (const [name, content] of Object.entries(files)) {
      fs.writeFileSync(at('dist', name), content, { mode: name === 'cli.js' ? 0o755 : 0o644 });
    }
    const sorted = Object.fromEntries(Object.entries(packages).sort());
    fs.writeFileSync(at(BUNDLED_PACKAGES), `${JSON.stringify(sorted, null, 2)}\n`);
  });
}
