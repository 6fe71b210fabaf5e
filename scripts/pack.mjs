// The tarball that users get, and what must and must not be in it.

import { runQuietly } from './support.mjs';

const MUST = [
  'dist/index.js',
  'dist/index.mjs',
  'dist/index.d.mts',
  'dist/plot.js',
  'dist/cli.js',
].concat([
  'dist/index.js.map',
  'types/index.d.ts',
  'package.json',
  'README.md',
  'LICENSE',
  'THIRD_PARTY_NOTICES.md',
  'CHANGELOG.md',
]);

/** Every file of the package is of one of these kinds. */
const MAY = [
  /^dist\/[\w-]+\.(?:js|js\.map|mjs|d\.mts)$/,
  /^types\/[\w-]+\.d\.ts$/,
  /^prebuilds\/(?:linux|linuxmusl|darwin|win32)-(?:x64|arm64)\/(?:neuro_divergent\.node|libnd-tbb\.so\.12)$/,
  /^docs\/(?:[\w-]+\/)?[\w-]+\.(?:md|svg|png)$/,
];

/**
 * Packs what is built into a folder, or only says what would be packed when there is none. Gives back npm's
 * description: filename, size (bytes of the tarball), unpackedSize, files [{ path, size }].
 */
export function pack(folder) {
  // Without scripts: prepack would build again what is built already.
  const args = ['pack', '--json', '--ignore-scripts'];
  args.push(...(folder ? ['--pack-destination', folder] : ['--dry-run']));
  return Object.values(JSON.parse(runQuietly('npm', args)))[0];
}

/** What is missing in the tarball, or should not be in it. */
export function problemsOf({ files }) {
  const paths = files.map((file) => file.path);
  const problems = MUST.filter((file) => !paths.includes(file)).map((file) => `lacks ${file}`);
  if (!paths.some((file) => file.endsWith('.node'))) problems.push('lacks prebuilds/*/*.node');
  const surplus = paths.filter(
    (file) => !MUST.includes(file) && !MAY.some((kind) => kind.test(file)),
  );
  return problems.concat(surplus.map((file) => `contains ${file}`));
}
