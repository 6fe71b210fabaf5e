import fs from 'node:fs';
import path from 'node:path';
import { ForecastError } from './errors';
import type { NativeBinding } from './native';

// Literal paths, so that bundlers see and ship the files. `lib/` and `dist/` lie at the same depth.
const PREBUILDS: Readonly<Record<string, () => unknown>> = {
  'linux-x64': () => require('../prebuilds/linux-x64/neuro_divergent.node'),
  'linux-arm64': () => require('../prebuilds/linux-arm64/neuro_divergent.node'),
  'linuxmusl-x64': () => require('../prebuilds/linuxmusl-x64/neuro_divergent.node'),
  'linuxmusl-arm64': () => require('../prebuilds/linuxmusl-arm64/neuro_divergent.node'),
  'darwin-x64': () => require('../prebuilds/darwin-x64/neuro_divergent.node'),
  'darwin-arm64': () => require('../prebuilds/darwin-arm64/neuro_divergent.node'),
  'win32-x64': () => require('../prebuilds/win32-x64/neuro_divergent.node'),
  'win32-arm64': () => require('../prebuilds/win32-arm64/neuro_divergent.node'),
};

interface Attempt {
  readonly file: string;
  readonly error: string;
}

function reportHeader(): { glibcVersionRuntime?: string } {
  // Without this a report may wait for DNS look-ups of open sockets.
  const report = process.report as
    | (typeof process.report & { excludeNetwork?: boolean })
    | undefined;
  if (!report) return {};
  report.excludeNetwork = true;
  return (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header ?? {};
}

/** The C library of this process, e.g. 'glibc 2.36' or 'musl'; '' where the question makes no sense. */
export function libc(): string {
  if (process.platform !== 'linux') return '';
  const glibc = reportHeader().glibcVersionRuntime;
  return glibc ? `glibc ${glibc}` : 'musl';
}

/** The folder of prebuilds/ that fits this process, e.g. 'linux-x64'. */
export function prebuildTarget(libcFound = libc()): string {
  const system = libcFound === 'musl' ? 'linuxmusl' : process.platform;
  return `${system}-${process.arch}`;
}

/** What a person can do about a failed load, from the messages of the dynamic linker. */
function diagnose(attempts: readonly Attempt[], libcFound: string, target: string): string {
  const text = attempts.map(({ error }) => error).join('\n');
  const needed = /version [`'](GLIBC(?:XX)?_[\d.]+)' not found/.exec(text)?.[1];
  if (needed) {
    return `The binary needs ${needed.replace('GLIBC_', 'glibc ').replace('GLIBCXX_', 'libstdc++ GLIBCXX_')}, this system has ${libcFound}: use a newer system image, or build from source with "npm run build".`;
  }
  if (/ERR_DLOPEN_DISABLED|no-addons/.test(text)) {
    return 'Node runs with --no-addons, start it without that flag; or with --permission, then add --allow-addons.';
  }
  if (/--allow-ffi/.test(text)) {
    return 'Deno may not load native code: start it with --allow-ffi.';
  }
  if (!(target in PREBUILDS)) {
    return `There is no prebuilt binary for ${target}; supported are ${Object.keys(PREBUILDS).join(', ')}.`;
  }
  if (/cannot open shared object file/.test(text)) {
    return 'A shared library beside the binary is missing: the whole folder prebuilds/ must be shipped (Electron: asarUnpack; bundlers: mark the package as external).';
  }
  if (process.env.ND_BINDING_PATH) {
    return 'ND_BINDING_PATH names a file that cannot be loaded: correct it, or unset it for the prebuilt binary.';
  }
  return 'The folder prebuilds/ of the package is incomplete: install the package again, and if a bundler is used mark the package as external.';
}

function load(): NativeBinding {
  const attempts: Attempt[] = [];
  const attempt = (file: string, open: () => unknown): NativeBinding | undefined => {
    try {
      return open() as NativeBinding;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = (message ?? String(error)).split('\nRequire stack')[0]!;
      attempts.push({ file, error: code ? `${code}: ${reason}` : reason });
      return undefined;
    }
  };
  const override = process.env.ND_BINDING_PATH;
  const libcFound = libc();
  const target = prebuildTarget(libcFound);
  if (override) {
    const found = attempt(override, () => require(path.resolve(override)));
    if (found) return found;
  } else {
    const prebuild = path.join(__dirname, '..', 'prebuilds', target, 'neuro_divergent.node');
    const found = attempt(prebuild, PREBUILDS[target] ?? (() => require(prebuild)));
    if (found) return found;
    // A checkout that was built but not packaged.
    const built = path.join(__dirname, '..', 'build', 'release', 'neuro_divergent.node');
    const local = fs.existsSync(built) ? attempt(built, () => require(built)) : undefined;
    if (local) return local;
  }
  const tried = attempts.map(({ file, error }) => `\n  ${file}: ${error}`).join('');
  throw new ForecastError(
    'ERR_ND_BINARY',
    `[binding] the native binary cannot be loaded on ${target}${libcFound && ` (${libcFound})`}, Node ${process.versions.node}. ${diagnose(attempts, libcFound, target)} Tried:${tried}`,
    { target, libc: libcFound, node: process.versions.node, attempts },
  );
}

let loaded: NativeBinding | undefined;

/** The native addon, loaded at first use. Throws E0013 when that is not possible. */
export function binding(): NativeBinding {
  if (!loaded) {
    const native = load();
    loaded = native;
    // process.exit() runs no cleanup hooks, but it destroys C++ objects that a fit in flight still uses.
    process.once('exit', () => native.shutDown());
  }
  return loaded;
}
