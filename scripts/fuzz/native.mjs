// The libFuzzer programs: built with clang-19, started from the kept corpus and from seeds that this version writes.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from '../build.mjs';
import { CLANG, installDebianPackages } from '../debian.mjs';
import { at, runQuietly } from '../support.mjs';
import { writeSeeds } from './seeds.mjs';

const TARGETS = ['safetensors', 'model_file', 'config', 'time', 'panel'];
/** Bytes of an input, and of the memory that one input may take, in MB. */
const LONGEST = { safetensors: 4096, model_file: 8192, config: 4096, time: 512, panel: 1024 };
const MEMORY = 2048;

/** Runs to the end and gives back what was written. */
function finish(program, args, cwd) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(program, args, {
      cwd,
      env: {
        ...process.env,
        ND_NUM_THREADS: '1',
        ASAN_OPTIONS: 'detect_leaks=1',
        UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
      },
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (c) => chunks.push(c));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

async function fuzzTarget(target, { minutes = '3', seed }) {
  const program = at('build', 'fuzz', `nd_fuzz_${target}`);
  const work = at('build', 'fuzz', 'run', target);
  const kept = at('test', 'fuzz', 'corpus', target);
  const found = path.join(work, 'found');
  const merged = path.join(work, 'merged');
  for (const folder of [found, merged]) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
  }
  fs.mkdirSync(kept, { recursive: true });
  const sources = [kept, at('build', 'fuzz', 'seeds', target)];
  const dictionary = at('build', 'fuzz', 'seeds', 'names.dict');
  const flags = [`-max_len=${LONGEST[target]}`, `-rss_limit_mb=${MEMORY}`, '-timeout=20'];
  const { code, output } = await finish(
    program,
    [
      found,
      ...sources,
      ...flags,
      `-malloc_limit_mb=${MEMORY / 2}`,
      `-max_total_time=${Math.max(1, Math.round(Number(minutes) * 60))}`,
      `-seed=${seed}`,
      `-dict=${dictionary}`,
      '-print_final_stats=1',
      `-artifact_prefix=${work}/`,
    ],
    work,
  );
  const executed = /stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? '?';
  const [, edges, features] = [...output.matchAll(/cov: (\d+) ft: (\d+)/g)].at(-1) ?? [];
  if (code !== 0) {
    fs.writeFileSync(path.join(work, 'log.txt'), output);
    const what =
      /(?:SUMMARY|runtime error|ERROR: libFuzzer)[^\n]*/.exec(output)?.[0] ?? `exit code ${code}`;
    const input = /Test unit written to (\S+)/.exec(output)?.[1] ?? '';
    return { target, inputs: executed, reached: `${edges} edges`, finding: `${what} ${input}` };
  }
  // Few inputs that reach every edge, however often: from nothing, so that the kept ones shrink too. How often an edge is
  // taken counts while searching, but keeping that would be thousands of files.
  const merge = await finish(
    program,
    ['-set_cover_merge=1', '-use_counters=0', ...flags, merged, ...sources, found],
    work,
  );
  if (merge.code !== 0)
    throw new Error(`merging the corpus of ${target} failed:\n${merge.output.slice(-2000)}`);
  fs.rmSync(kept, { recursive: true });
  fs.cpSync(merged, kept, { recursive: true });
  const files = fs.readdirSync(kept);
  const bytes = files.reduce((sum, file) => sum + fs.statSync(path.join(kept, file)).size, 0);
  const reached = `${edges} edges, ${features} features; corpus ${files.length} files, ${Math.round(bytes / 1000)} kB`;
  return { target, inputs: executed, reached, finding: 'none' };
}

export async function fuzzNative(options) {
  const targets = TARGETS.filter((target) => !options.only || target.includes(options.only));
  if (targets.length === 0) return [];
  installDebianPackages(CLANG.packages);
  await build({ target: 'addon' }); // the seeds are written by the package itself
  await writeSeeds(at('build', 'fuzz', 'seeds'));
  process.stdout.write('native: building with clang-19 and sanitizers\n');
  runQuietly('cmake', ['--preset', 'fuzz']);
  const programs = targets.flatMap((target) => ['--target', `nd_fuzz_${target}`]);
  runQuietly('cmake', ['--build', at('build', 'fuzz'), ...programs]);
  const rows = [];
  for (const target of targets) {
    process.stdout.write(`native: ${target}, seed ${options.seed}\n`);
    rows.push(await fuzzTarget(target, options));
  }
  return rows;
}
