// The gate before a Linux binary is shipped: what it needs, what it exports, how large it is.
// A file that passes loads wherever the printed glibc and libstdc++ are, and nothing else is.

import fs from 'node:fs';
import path from 'node:path';
import { at, fail, isProgram, listFiles, runQuietly } from './support.mjs';

const SYSTEM = ['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'libgcc_s.so.1'].concat([
  'ld-linux-x86-64.so.2',
  'ld-linux-aarch64.so.1',
  // Part of libc itself since glibc 2.34, separate files before.
  'libpthread.so.0',
  'libdl.so.2',
  'librt.so.1',
]);
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const SIZE_BUDGET_MB = 8;

const highest = (text, name) =>
  [...text.matchAll(new RegExp(`\\b${name}_(\\d+(?:\\.\\d+)+)`, 'g'))]
    .map((m) => m[1])
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
    .at(-1);

/** The problems of one ELF file, and a line about it. */
function inspect(file) {
  const problems = [];
  const dynamic = runQuietly('readelf', ['-d', '-W', file]);
  const symbols = runQuietly('nm', ['-D', '--with-symbol-versions', file]);
  const entries = (tag) =>
    [...dynamic.matchAll(new RegExp(`\\(${tag}\\).*\\[(.*?)\\]`, 'g'))].map((m) => m[1]);
  const isAddon = file.endsWith('.node');

  const allowed = isAddon ? [...SYSTEM, 'libnd-tbb.so.12'] : SYSTEM;
  for (const library of entries('NEEDED')) {
    if (!allowed.includes(library)) problems.push(`needs ${library}`);
  }
  if (isAddon) {
    const runpath = [...entries('RUNPATH'), ...entries('RPATH')].join(':');
    if (runpath !== '$ORIGIN') problems.push(`RUNPATH is "${runpath}", not "$ORIGIN"`);
    if (!/FLAGS_1.*NODELETE/.test(dynamic)) problems.push('is not linked with -z nodelete');
    const exported = symbols
      .split('\n')
      .map((line) => / [A-TV-Zi] (\S+)$/.exec(line)?.[1].replace(/@.*/, ''))
      .filter(Boolean);
    const surplus = exported.filter((name) => !EXPORTS.includes(name));
    if (surplus.length > 0) problems.push(`exports ${surplus.slice(0, 5).join(', ')} …`);
    if (!exported.includes(EXPORTS[0])) problems.push(`does not export ${EXPORTS[0]}`);
    const external = /napi_create_external_(arraybuffer|buffer)/.exec(symbols);
    if (external) problems.push(`imports ${external[0]}, which Electron forbids`);
  } else if (entries('SONAME')[0] !== path.basename(file)) {
    problems.push(`SONAME is "${entries('SONAME')[0]}", not its own name`);
  }
  if (/\.debug_info/.test(runQuietly('readelf', ['-S', '-W', file]))) {
    problems.push('contains debug information');
  }
  const megabytes = fs.statSync(at(file)).size / 1e6;
  if (megabytes > SIZE_BUDGET_MB) {
    problems.push(`is ${megabytes.toFixed(1)} MB, at most ${SIZE_BUDGET_MB} allowed`);
  }
  const floor = ['GLIBC', 'GLIBCXX'].map((name) => `${name} ${highest(symbols, name) ?? '–'}`);
  return { problems, line: `${file}: ${megabytes.toFixed(2)} MB, ${floor.join(', ')}` };
}

/** { problems, lines } over every Linux binary in prebuilds/. */
export function checkPrebuilds() {
  const files = listFiles(['prebuilds'], /linux.*\.(node|so[.\d]*)$/);
  if (!files.some((file) => file.endsWith('.node'))) {
    return { problems: ['prebuilds/ holds no binary; run: npm run build'], lines: [] };
  }
  const reports = files.map((file) => ({ file, ...inspect(file) }));
  return {
    problems: reports.flatMap(({ file, problems }) => problems.map((p) => `${file} ${p}`)),
    lines: reports.map(({ line }) => line),
  };
}

if (isProgram(import.meta.filename)) {
  const { problems, lines } = checkPrebuilds();
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  if (problems.length > 0) fail(problems.join('\n'));
}
