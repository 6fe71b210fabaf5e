// Formats every source file of ours: clang-format for C++, Biome for TypeScript and JSON.

import { fail, isProgram, listFiles, run, runQuietly } from './support.mjs';

export const CPP_FOLDERS = [
  'native',
  'binding',
  'test/native',
  'test/parity',
  'test/fuzz',
  'bench',
];
export const CPP_FILES = /\.(h|cc)$/;

if (isProgram(import.meta.filename)) {
  try {
    const files = listFiles(CPP_FOLDERS, CPP_FILES);
    if (files.length > 0) runQuietly('clang-format', ['-i', ...files]);
    run('node_modules/.bin/biome', ['check', '--write', '--error-on-warnings']);
  } catch (error) {
    fail(`format: ${error.message}`);
  }
}
