// The packed tarball in the hands of its users: runtimes, module kinds, compilers, bundlers.
//   npm run consumers [-- --local]
// Packs what is built, installs it offline and without scripts into an empty folder, and runs one application
// everywhere: load, fit, predict, save, predictor, error codes, abort, an end of its own. --local tries the Node at
// hand, TypeScript and esbuild only, and downloads nothing. Prints a table; exit code 1 where one of them fails.

import { local, others } from './consumers/consumers.mjs';
import { createSandbox } from './consumers/sandbox.mjs';
import { installTools } from './consumers/tools.mjs';
import { capture, fail, isProgram } from './support.mjs';

const LIMIT_MS = 120_000;

/** Lets one consumer try; gives back { name, version, result, ms, forecast }, with `problem` where it fails. */
async function attempt({ name, version, note = '', prepare, command }, folder) {
  const row = { name, version, result: note ? `ok: ${note}` : 'ok', ms: '' };
  try {
    await prepare?.(folder);
    if (!command) return row;
    const [program, ...args] = command();
    // A process that does not end by itself is killed, and then not ok.
    const options = { cwd: folder, timeout: LIMIT_MS, killSignal: 'SIGKILL' };
    const { ok, stdout, output } = capture(program, args, options);
    if (!ok) throw new Error(output);
    const { firstForecastMs, forecast } = JSON.parse(stdout);
    return { ...row, ms: firstForecastMs.toFixed(0), forecast: String(forecast) };
  } catch (error) {
    return { ...row, result: 'FAILED', problem: error.message.trim() };
  }
}

/** Runs the matrix. Every consumer must also compute the same bits as the first one. */
export async function tryConsumers({ onlyLocal = false, onRow = () => {} } = {}) {
  // What is tried is the binary in the tarball, whichever one this process was told to load.
  delete process.env.ND_BINDING_PATH;
  if (!onlyLocal) await installTools();
  const consumers = onlyLocal ? local : [...local, ...others()];
  const sandbox = createSandbox();
  const rows = [];
  try {
    for (const consumer of consumers) {
      const row = await attempt(consumer, sandbox.folder);
      const reference = rows.find(({ forecast }) => forecast)?.forecast;
      if (row.forecast && reference && row.forecast !== reference) {
        row.result = 'FAILED';
        row.problem = `expected the forecast ${reference}, received ${row.forecast}`;
      }
      rows.push(row);
      onRow(row);
    }
  } finally {
    sandbox.remove();
  }
  return rows;
}

if (isProgram(import.meta.filename)) {
  const line = (...cells) => `| ${cells.join(' | ')} |\n`;
  process.stdout.write(line('consumer', 'version', 'result', 'ms to first forecast'));
  process.stdout.write(line('---', '---', '---', '---:'));
  const onRow = ({ name, version, result, ms, problem }) => {
    process.stdout.write(line(name, version, result, ms));
    if (problem) process.stderr.write(`${problem}\n`);
  };
  try {
    const rows = await tryConsumers({ onlyLocal: process.argv.includes('--local'), onRow });
    const failures = rows.filter(({ problem }) => problem).length;
    process.stdout.write(`\n${rows.length - failures} of ${rows.length} work\n`);
    if (failures > 0) process.exitCode = 1;
  } catch (error) {
    fail(`consumers: ${error.message}`);
  }
}
