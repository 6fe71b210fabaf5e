import type { RuntimeInfo } from '../types/index';
import { binding, libc, prebuildTarget } from './binding';
import { guarded } from './errors';

/** What runs here: version, instruction set, threads, prebuilt binary. */
export function runtimeInfo(): RuntimeInfo {
  const native = guarded(() => JSON.parse(binding().runtimeInfo()));
  const libcFound = libc();
  return {
    version: native.version,
    target: native.target,
    targets: native.targets,
    bf16: native.bf16,
    threads: native.threads,
    napi: native.napi,
    compiler: native.compiler,
    node: process.versions.node,
    prebuild: prebuildTarget(libcFound),
    libc: libcFound,
  };
}
