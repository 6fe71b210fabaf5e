/** What `doctor` finds out about the machine, the binary and the environment, also where the binary cannot be loaded. */

import { readFileSync, statSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { basename, dirname, join } from 'node:path';
import { closestName } from '../options';

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  /** Cores that this process may run on. */
  readonly usableCores: number;
  /** Processors that the cgroup grants; null without a limit. */
  readonly cgroupCpus: number | null;
  /** Bytes of main memory. */
  readonly memory: number;
  readonly freeMemory: number;
  /** Bytes that the cgroup grants; null without a limit. */
  readonly cgroupMemory: number | null;
  readonly system: string;
  readonly node: string;
  /** Node-API version of Node. */
  readonly napi: number;
}

export interface FileFact {
  readonly file: string;
  readonly bytes: number;
}

export interface VariableFact {
  readonly name: string;
  /** Null when it is not set. */
  readonly value: string | null;
  readonly meaning: string;
  /** What is wrong with it, if anything. */
  readonly problem?: string;
}

const positive = (value: number) => (Number.isFinite(value) && value > 0 ? value : null);

/** Processors of the cgroup's quota, version 2 or 1. */
function cgroupCpus(): number | null {
  const read = (file: string) => {
    try {
      return readFileSync(join('/sys/fs/cgroup', file), 'utf8').trim().split(/\s+/).map(Number);
    } catch {
      return [];
    }
  };
  const [quota = Number.NaN, period = Number.NaN] = read('cpu.max');
  const [older = Number.NaN] = read('cpu/cpu.cfs_quota_us');
  const [olderPeriod = Number.NaN] = read('cpu/cpu.cfs_period_us');
  return positive(quota / period) ?? positive(older / olderPeriod);
}

/** What holds memory back from the process, where that is less than the machine has. */
function cgroupMemory(): number | null {
  const limit = positive(process.constrainedMemory());
  return limit !== null && limit < os.totalmem() ? limit : null;
}

export const machineFacts = (): MachineFacts => ({
  cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
  cores: os.cpus().length,
  usableCores: os.availableParallelism(),
  cgroupCpus: cgroupCpus(),
  memory: os.totalmem(),
  freeMemory: os.freemem(),
  cgroupMemory: cgroupMemory(),
  system: `${os.type()} ${os.release()} ${os.arch()}`,
  node: process.versions.node,
  napi: Number(process.versions.napi),
});

/** The addon that this process has loaded, as the system says. */
export function loadedBinary(): string | undefined {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  report.excludeNetwork = true;
  const { sharedObjects = [] } = report.getReport() as { sharedObjects?: string[] };
  return sharedObjects.find((file) => basename(file) === 'neuro_divergent.node');
}

/** The addon and what lies beside it. */
export function filesBeside(binary: string): FileFact[] {
  const folder = dirname(binary);
  try {
    return readdirSync(folder)
      .filter((file) => /\.node$|libnd-tbb|\.dll$/.test(file))
      .map((file) => ({ file: join(folder, file), bytes: statSync(join(folder, file)).size }));
  } catch {
    return [];
  }
}

const isCount = (text: string) => /^[1-9]\d*$/.test(text);

/** Variables that this package reads, with what a value must be. */
const VARIABLES: readonly [string, string, (text: string) => string | undefined][] = [
  [
    'ND_NUM_THREADS',
    'default number of threads',
    (text) => (isCount(text) ? undefined : 'is not a whole number above 0, and so without effect'),
  ],
  [
    'ND_PRIORITY',
    '"normal": fits do not yield to other programs',
    (text) => (text === 'normal' ? undefined : 'is not "normal", and so without effect'),
  ],
  ['ND_BINDING_PATH', 'the binary to load instead of the prebuilt one', () => undefined],
  ['ND_DISABLE_TARGETS', 'instruction sets that are not used', () => undefined],
];

/** Variables of others that decide how the binary is loaded; told only when they are set. */
const OF_OTHERS: readonly [string, string][] = [
  ['NODE_OPTIONS', 'flags of Node'],
  ['LD_LIBRARY_PATH', 'where the system looks for libraries'],
  ['LD_PRELOAD', 'libraries that come before all others'],
];

/** The variables that matter here, and those whose names look like a slip. */
export function variableFacts(env: NodeJS.ProcessEnv = process.env): VariableFact[] {
  const names = VARIABLES.map(([name]) => name);
  const known = VARIABLES.map(([name, meaning, check]) => {
    const value = env[name] ?? null;
    const problem = value === null ? undefined : check(value);
    return { name, value, meaning, ...(problem ? { problem } : {}) };
  });
  const slips = Object.keys(env)
    .filter((name) => name.startsWith('ND_') && !names.includes(name))
    .flatMap((name) => {
      const meant = closestName(name, names);
      const problem = `is not read; did you mean ${meant}?`;
      return meant ? [{ name, value: env[name] ?? '', meaning: 'unknown', problem }] : [];
    });
  const others = OF_OTHERS.filter(([name]) => env[name]).map(([name, meaning]) => ({
    name,
    value: env[name] as string,
    meaning,
  }));
  return [...known, ...slips, ...others];
}
