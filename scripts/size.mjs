// What the package weighs, and that it can be published:
//   npm run size [-- --check]
// The tarball, unpacked, and its files by size. Fails above the budget, where files are missing or do not belong there,
// and where `npm publish --dry-run` complains. --check prints one line.

import { pack, problemsOf } from './pack.mjs';
import { fail, isProgram, runQuietly } from './support.mjs';

const BUDGET_MB = 12;

const megabytes = (bytes) => (bytes / 1e6).toFixed(2);

/** The files, largest first; small ones of a folder are one line. */
function report({ files }) {
  const sizes = new Map();
  for (const { path, size } of files) {
    const name = size >= 20_000 || !path.includes('/') ? path : `${path.split('/')[0]}/…`;
    const known = sizes.get(name) ?? { size: 0, count: 0 };
    sizes.set(name, { size: known.size + size, count: known.count + 1 });
  }
  return [...sizes]
    .sort(([, a], [, b]) => b.size - a.size)
    .map(([name, { size, count }]) => {
      const kilobytes = (size / 1e3).toFixed(1).padStart(9);
      return `${kilobytes} kB  ${name}${count > 1 ? ` (${count} files)` : ''}`;
    });
}

if (isProgram(import.meta.filename)) {
  try {
    const packed = pack();
    if (!process.argv.includes('--check')) process.stdout.write(`${report(packed).join('\n')}\n`);
    const { filename, size, unpackedSize, files } = packed;
    process.stdout.write(
      `${filename}: ${megabytes(size)} MB, unpacked ${megabytes(unpackedSize)} MB, ${files.length} files\n`,
    );
    const problems = problemsOf(packed);
    if (size > BUDGET_MB * 1e6)
      problems.push(`has ${megabytes(size)} MB, at most ${BUDGET_MB} allowed`);
    if (problems.length > 0) throw new Error(`the tarball ${problems.join(', ')}`);
    runQuietly('npm', ['publish', '--dry-run', '--ignore-scripts', '--offline']);
  } catch (error) {
    fail(`size: ${error.message}`);
  }
}
