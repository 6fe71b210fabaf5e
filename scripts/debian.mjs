// Installs Debian packages for the scripts that need them: those of every build (setup.mjs), and those that a
// single command asks for when it is run, such as a second compiler.

import fs from 'node:fs';
import { capture, fail, which } from './support.mjs';

/**
 * Clang as the checks of our own code use it, with the libraries of its sanitizers and of libFuzzer.
 * A package is { name, program | header | file, optional }: program, header or file tell whether its
 * content is there, whoever installed it.
 */
export const CLANG = {
  c: 'clang-19',
  cxx: 'clang++-19',
  packages: [
    { name: 'clang-19', program: 'clang++-19' },
    { name: 'libclang-rt-19-dev', file: '/usr/lib/llvm-19/lib/clang/19/lib/linux' },
    { name: 'llvm-19', program: 'llvm-symbolizer-19' },
  ],
};

const INCLUDE_FOLDERS = [
  ...(process.env.CPLUS_INCLUDE_PATH ?? '').split(':').filter(Boolean),
  ...(process.env.CMAKE_PREFIX_PATH ?? '')
    .split(':')
    .filter(Boolean)
    .map((p) => `${p}/include`),
  '/usr/include',
  '/usr/local/include',
  '/opt/homebrew/include',
];

function isPresent({ program, header, file }) {
  if (program) return which(program) !== undefined;
  if (file) return fs.existsSync(file);
  return INCLUDE_FOLDERS.some((folder) => fs.existsSync(`${folder}/${header}`));
}

const say = (line) => process.stdout.write(`set-up: ${line}\n`);

/**
 * Installs those that are missing and gives back how many that were. Where it cannot, it names them
 * with the command that would and ends the process.
 */
export function installDebianPackages(packages) {
  const missing = packages.filter((p) => !isPresent(p));
  if (missing.length === 0) return 0;
  const names = missing.map((p) => p.name);
  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? [] : ['sudo', '-n'];
  const command = `${isRoot ? '' : 'sudo '}apt-get install -y --no-install-recommends ${names.join(' ')}`;
  const giveUp = (why) => {
    if (missing.every((p) => p.optional))
      return say(`going on without ${names.join(', ')} (${why})`);
    fail(
      `set-up: missing ${names.join(', ')}: ${why}.\nInstall them, then run this again:\n  ${command}`,
    );
  };

  if (!which('apt-get')) {
    giveUp('this system has no apt-get; install the same libraries with its own package manager');
    return 0;
  }
  if (!isRoot && (!which('sudo') || !capture('sudo', ['-n', 'true']).ok)) {
    giveUp('installing needs root or a sudo that asks for no password');
    return 0;
  }
  say(`installing ${names.join(', ')}`);
  const asRoot = (args) => {
    const words = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
    return capture(words[0], words.slice(1));
  };
  asRoot(['update']);
  const done = asRoot(['install', '-y', '--no-install-recommends', ...names]);
  if (!done.ok || !missing.every((p) => p.optional || isPresent(p))) {
    giveUp(
      `apt-get could not install them:\n${done.output.trim().split('\n').slice(-5).join('\n')}`,
    );
  }
  return missing.length;
}
