/** The command `doctor`: what runs here, and whether it works. */

import { ForecastError, runtimeInfo } from '../index';
import type { Context } from './context';
import {
  filesBeside,
  loadedBinary,
  type MachineFacts,
  machineFacts,
  variableFacts,
} from './machine';
import { formatBytes, Reported, say, sayJson } from './report';
import { type Check, selfTest } from './self-test';

/** The binary: what it says of itself, or why it cannot be loaded. */
function binaryFacts() {
  try {
    const info = runtimeInfo();
    const file = loadedBinary();
    return { loaded: true as const, ...info, file, files: file ? filesBeside(file) : [] };
  } catch (error) {
    if (!(error instanceof ForecastError)) throw error;
    const { target, libc, attempts } = error.details as {
      target?: string;
      libc?: string;
      attempts?: readonly { readonly file: string; readonly error: string }[];
    };
    const file = attempts?.[0]?.file;
    return {
      ...{ loaded: false as const, prebuild: target, libc, file },
      files: file ? filesBeside(file) : [],
      error: { code: error.code, number: error.number, message: error.message },
    };
  }
}

const sayFacts = (title: string, facts: readonly (readonly [string, string])[]) =>
  say(`${title}\n${facts.map(([name, text]) => `  ${name.padEnd(20)}${text}\n`).join('')}\n`);

function sayMachine(machine: MachineFacts): void {
  const { cgroupCpus, cgroupMemory, memory, freeMemory } = machine;
  const limits = [
    ...(cgroupCpus === null ? [] : [`${cgroupCpus} processors`]),
    ...(cgroupMemory === null ? [] : [`${formatBytes(cgroupMemory)} of memory`]),
  ];
  sayFacts('Machine', [
    ['processor', machine.cpu],
    ['cores', `${machine.cores}, ${machine.usableCores} of them for this process`],
    ['cgroup limit', limits.join(', ') || 'none'],
    ['memory', `${formatBytes(memory)}, ${formatBytes(freeMemory)} free`],
    ['system', machine.system],
    ['Node', `${machine.node}, Node-API ${machine.napi}`],
  ]);
}

function sayBinary(binary: ReturnType<typeof binaryFacts>): void {
  const facts: [string, string][] = [
    ['prebuilt folder', binary.prebuild ?? 'unknown'],
    ['C library', binary.libc || 'of the system'],
    ...binary.files.map(({ file, bytes }): [string, string] => [
      'file',
      `${file} (${formatBytes(bytes)})`,
    ]),
  ];
  if (binary.loaded) {
    facts.push(
      ['instruction set', `${binary.target}, available: ${binary.targets.join(', ')}`],
      ['bfloat16', binary.bf16],
      ['threads', String(binary.threads)],
      ['Node-API', `version ${binary.napi}`],
      ['compiler', binary.compiler],
    );
  } else if (binary.file !== undefined && binary.files.length === 0) {
    facts.push(['file', `${binary.file} is missing`]);
  }
  sayFacts('Binary', facts);
}

const sayCheck = ({ name, ok, text, seconds }: Check) =>
  say(
    `  ${ok ? 'ok    ' : 'failed'}  ${name.padEnd(15)}${text}${seconds > 0.1 ? ` (${seconds.toFixed(1)} s)` : ''}\n`,
  );

/** `doctor`: exit code 1 when something does not work. */
export async function runDoctor({ flags, signal, json, version }: Context): Promise<void> {
  const machine = machineFacts();
  const binary = binaryFacts();
  const environment = variableFacts();
  if (!json) {
    say(`neuro-divergent ${version}\n\n`);
    sayMachine(machine);
    sayBinary(binary);
    sayFacts(
      'Environment',
      environment.map(({ name, value, meaning, problem }) => [
        name,
        `${value ?? 'not set'} (${problem ?? meaning})`,
      ]),
    );
    say('Self-test\n');
  }
  const slips = environment.flatMap(({ name, problem }) => (problem ? [`${name} ${problem}`] : []));
  const variables: Check = {
    name: 'environment',
    ok: slips.length === 0,
    text: slips.join('; ') || 'every variable is understood',
    seconds: 0,
  };
  const report = (check: Check) => {
    if (!json) sayCheck(check);
  };
  report(variables);
  const checks = [variables, ...(await selfTest({ quick: flags.quick === true, signal }, report))];
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  if (json) {
    const facts = { machine, binary, environment, checks };
    sayJson({ version, command: 'doctor', ok: failed.length === 0, ...facts });
  } else {
    say(failed.length === 0 ? '\nall is well\n' : `\nfailed: ${failed.join(', ')}\n`);
  }
  if (failed.length > 0) throw new Reported(`failed: ${failed.join(', ')}`);
}
