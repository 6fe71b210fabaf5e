// Where and with what a run was made.

import fs from 'node:fs';
import os from 'node:os';
import { capture } from '../support.mjs';

/** { processor, processors, memoryGiB, system, node, compiler, version }. */
export function machine() {
  const cpuinfo = fs.existsSync('/proc/cpuinfo') ? fs.readFileSync('/proc/cpuinfo', 'utf8') : '';
  const number = (name) => new RegExp(`^${name}\\s*:\\s*(\\d+)`, 'm').exec(cpuinfo)?.[1];
  const family = number('cpu family');
  const place = family ? ` (family ${family}, model ${number('model')})` : '';
  const compiler = capture('c++', ['--version']).stdout.split('\n')[0];
  return {
    processor: `${os.cpus()[0]?.model.trim() ?? 'unknown'}${place}`,
    processors: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    compiler,
  };
}
