// The peers' Python: a virtual environment of its own in .cache/bench-peers, made on first use. Never a dependency of the
// package. ND_BENCH_PYTHON names a Python that already has the libraries, and nothing is installed then.

import fs from 'node:fs';
import { at, runQuietly } from '../support.mjs';
import { Server } from './server.mjs';

const LIBRARIES = ['torch==2.15.0', 'neuralforecast==3.3.0'];

let python;

/** The path of a Python with the peers' libraries. */
export function peersPython() {
  if (python) return python;
  if (process.env.ND_BENCH_PYTHON) return process.env.ND_BENCH_PYTHON;
  const folder = at('.cache', 'bench-peers');
  const stamp = `${folder}/${LIBRARIES.join(' ')}`.replaceAll('==', '-');
  python = `${folder}/bin/python`;
  if (!fs.existsSync(stamp)) {
    process.stdout.write(`peers: installing ${LIBRARIES.join(', ')} into ${folder}\n`);
    fs.rmSync(folder, { recursive: true, force: true });
    runQuietly('python3', ['-m', 'venv', folder]);
    runQuietly(python, ['-m', 'pip', 'install', '--quiet', ...LIBRARIES]);
    fs.writeFileSync(stamp, '');
  }
  return python;
}

/** Starts bench/peers/<script> under the name that results give it. */
export const peer = (name, script, ...args) =>
  new Server(name, peersPython(), [at('bench', 'peers', script), ...args.map(String)]);
