// Brings a machine from "has Node, git and apt" to "can build": system packages, npm packages and
// the static Highway library. Looks before it acts, so that a second run takes milliseconds.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installDebianPackages } from './debian.mjs';
import { at, capture, fail, isProgram, runQuietly, sha256, which } from './support.mjs';

const HIGHWAY = {
  version: '1.2.0',
  debianPackage: 'highway=1.2.0-2',
  tarball: 'highway_1.2.0.orig.tar.gz',
  url: 'https://github.com/google/highway/archive/refs/tags/1.2.0.tar.gz',
  // Debian's original tarball is upstream's, byte for byte.
  sha256: '7e0be78b8318e8bdbf6fa545d2ecb4c90f947df03f7aadc42c1967f019e63343',
};

// See debian.mjs.
const PACKAGES = [
  { name: 'cmake', program: 'cmake' },
  { name: 'ninja-build', program: 'ninja' },
  { name: 'g++', program: 'g++' },
  { name: 'patchelf', program: 'patchelf' },
  { name: 'binutils', program: 'strip' },
  { name: 'clang-format', program: 'clang-format' },
  { name: 'ccache', program: 'ccache', optional: true },
  { name: 'libtbb-dev', header: 'tbb/version.h' },
  { name: 'libgtest-dev', header: 'gtest/gtest.h' },
  { name: 'nlohmann-json3-dev', header: 'nlohmann/json.hpp' },
  { name: 'libboost-math-dev', header: 'boost/math/special_functions/gamma.hpp' },
  { name: 'libxxhash-dev', header: 'xxhash.h' },
  { name: 'libbenchmark-dev', header: 'benchmark/benchmark.h', optional: true },
];

const say = (line) => process.stdout.write(`set-up: ${line}\n`);

/** Installs what package-lock.json says unless node_modules is the outcome of this very file. */
function installNodePackages() {
  const lock = sha256(fs.readFileSync(at('package-lock.json')));
  const stamp = at('node_modules', '.lock-sha256');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return 0;
  say('installing npm packages');
  // Not `npm ci`: it refuses a lock file that lacks the optional binaries of other platforms, which
  // a mirror need not have. Locked versions and hashes hold all the same, and the lock file stays as
  // it is. No package here needs its install script; without them every npm behaves alike.
  const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = capture('npm', ['install', ...flags]);
  if (!done.ok) {
    const reason = done.output.split('\n').slice(0, 5).join('\n');
    fail(`set-up: npm packages are missing, and "npm install" failed:\n${reason}`);
  }
  fs.writeFileSync(stamp, lock);
  return 1;
}

/** Where a static Highway of 1.2 or later is installed, or undefined. */
function findHighway() {
  for (const prefix of [at('build', 'deps', 'highway'), '/usr/local', '/usr']) {
    const base = path.join(prefix, 'include', 'hwy', 'base.h');
    if (!fs.existsSync(base)) continue;
    const text = fs.readFileSync(base, 'utf8');
    const part = (name) => Number(new RegExp(`#define HWY_${name} (\\d+)`).exec(text)?.[1] ?? 0);
    if (part('MAJOR') * 1000 + part('MINOR') < 1002) continue;
    const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch] ?? '';
    const folders = ['lib', `lib/${triplet}`, 'lib64'].map((d) => path.join(prefix, d));
    if (folders.some((d) => fs.existsSync(path.join(d, 'libhwy.a')))) return prefix;
  }
  return undefined;
}

/** The mirror from which this machine installs Debian packages, or undefined on another system. */
function debianMirror() {
  const folder = '/etc/apt/sources.list.d';
  const files = fs.existsSync(folder) ? fs.readdirSync(folder).map((f) => `${folder}/${f}`) : [];
  for (const file of ['/etc/apt/sources.list', ...files]) {
    if (!/\.(list|sources)$/.test(file) || !fs.existsSync(file)) continue;
    const text = fs.readFileSync(file, 'utf8');
    const uri = file.endsWith('.sources')
      ? /^URIs:\s*(\S+\/debian)\/?(?:\s|$)/m.exec(text)
      : /^deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s/m.exec(text);
    if (uri) return uri[1];
  }
  return undefined;
}

/** Fetches the Highway source from the machine's Debian mirror. Returns why not, or undefined. */
function fetchFromDebian(folder) {
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const mirror = debianMirror();
  if (!mirror || !which('apt-get') || !fs.existsSync(keyring)) return 'this is no Debian machine';
  const state = path.join(folder, 'apt');
  fs.mkdirSync(path.join(state, 'lists', 'partial'), { recursive: true });
  fs.mkdirSync(path.join(state, 'cache', 'archives', 'partial'), { recursive: true });
  const list = path.join(state, 'sources.list');
  fs.writeFileSync(list, `deb-src [signed-by=${keyring}] ${mirror} trixie main\n`);
  const options = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': path.join(state, 'lists'),
    'Dir::Cache': path.join(state, 'cache'),
    'APT::Sandbox::User': os.userInfo().username,
    'Debug::NoLocking': '1',
  };
  const flags = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const updated = capture('apt-get', [...flags, 'update'], { cwd: folder });
  const got = updated.ok
    ? capture('apt-get', [...flags, 'source', '--download-only', HIGHWAY.debianPackage], {
        cwd: folder,
      })
    : updated;
  fs.rmSync(state, { recursive: true, force: true });
  return got.ok ? undefined : got.output.trim().split('\n').slice(-3).join('\n');
}

/** Fetches the upstream release. Returns why not, or undefined. */
async function fetchFromUpstream(folder) {
  try {
    const response = await fetch(HIGHWAY.url, { signal: AbortSignal.timeout(60_000) });
    if (!response.ok) return `${HIGHWAY.url} answered ${response.status}`;
    fs.writeFileSync(path.join(folder, HIGHWAY.tarball), Buffer.from(await response.arrayBuffer()));
    return undefined;
  } catch (error) {
    return `${HIGHWAY.url}: ${error.cause?.message ?? error.message}`;
  }
}

/** Builds Highway as a static library into build/deps/highway. */
async function installHighway() {
  if (findHighway()) return 0;
  const folder = at('build', 'deps', 'download');
  const tarball = path.join(folder, HIGHWAY.tarball);
  const isGood = () =>
    fs.existsSync(tarball) && sha256(fs.readFileSync(tarball)) === HIGHWAY.sha256;
  fs.mkdirSync(folder, { recursive: true });

  say(`building Highway ${HIGHWAY.version}`);
  const reasons = [];
  for (const fetchSource of [fetchFromDebian, fetchFromUpstream]) {
    if (isGood()) break;
    const reason = await fetchSource(folder);
    if (reason) reasons.push(reason);
    else if (!isGood()) reasons.push(`${HIGHWAY.tarball} does not have the expected SHA-256`);
  }
  if (!isGood()) {
    fail(
      `set-up: missing Highway ${HIGHWAY.version} (static SIMD library): ${reasons.join('; ')}.\n` +
        `Fetch its source by hand, then run this again:\n  curl -L -o ${tarball} ${HIGHWAY.url}`,
    );
  }

  const source = at('build', 'deps', `highway-${HIGHWAY.version}`);
  const build = at('build', 'deps', 'highway-build');
  // Renamed when whole, so that a run that was cut off leaves nothing half installed.
  const fresh = at('build', 'deps', 'highway.new');
  runQuietly('tar', ['xzf', tarball, '-C', at('build', 'deps')]);
  const launcher = which('ccache') ? ['-DCMAKE_CXX_COMPILER_LAUNCHER=ccache'] : [];
  runQuietly('cmake', [
    '-G',
    'Ninja',
    '-S',
    source,
    '-B',
    build,
    '-DCMAKE_BUILD_TYPE=Release',
    ...launcher,
    '-DCMAKE_CXX_VISIBILITY_PRESET=hidden',
    '-DCMAKE_POSITION_INDEPENDENT_CODE=ON',
    '-DBUILD_SHARED_LIBS=OFF',
    '-DHWY_ENABLE_TESTS=OFF',
    '-DHWY_ENABLE_EXAMPLES=OFF',
    '-DHWY_ENABLE_CONTRIB=OFF',
    '-DCMAKE_INSTALL_LIBDIR=lib',
    `-DCMAKE_INSTALL_PREFIX=${fresh}`,
  ]);
  runQuietly('cmake', ['--build', build, '--target', 'install']);
  // Of contrib only headers are used (vector maths); compiling its sorts would take minutes.
  fs.cpSync(path.join(source, 'hwy', 'contrib'), path.join(fresh, 'include', 'hwy', 'contrib'), {
    recursive: true,
    filter: (file) => fs.statSync(file).isDirectory() || file.endsWith('.h'),
  });
  fs.rmSync(at('build', 'deps', 'highway'), { recursive: true, force: true });
  fs.renameSync(fresh, at('build', 'deps', 'highway'));
  fs.rmSync(source, { recursive: true, force: true });
  fs.rmSync(build, { recursive: true, force: true });
  return 1;
}

/** Everything a build needs. Prints what it does; ends the process when something is missing. */
export async function setUp({ quiet = false } = {}) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    fail(`set-up: Node.js ${process.versions.node} found, 20.11 or later needed`);
  }
  try {
    const done = installDebianPackages(PACKAGES) + installNodePackages() + (await installHighway());
    if (done > 0 || !quiet) say(done > 0 ? 'done' : 'nothing missing');
  } catch (error) {
    fail(`set-up: ${error.message}`);
  }
}

if (isProgram(import.meta.filename)) await setUp();
