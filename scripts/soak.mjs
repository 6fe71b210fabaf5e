// What a long-lived program may rely on: nothing leaks, nothing hangs, nothing blocks the event loop.
//   npm run soak -- [--only PART|PART] [--quick] [--json FILE] [--package dist/index.js]
// Parts: cycles, workers, ends, resume, aborts, serving, loop, start. One line per claim with its limit; exit code 1 when one does
// not hold. --quick runs each part for seconds: it finds what is broken, not what leaks slowly.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { at, fail } from './support.mjs';

const PARTS = ['cycles', 'workers', 'ends', 'resume', 'aborts', 'serving', 'loop', 'start'];

function options() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: PARTS.join('|') },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        package: { type: 'string', default: at('dist', 'index.js') },
      },
    });
    const parts = values.only.split('|');
    const unknown = parts.find((part) => !PARTS.includes(part));
    if (unknown !== undefined) {
      throw new Error(`received the part "${unknown}", expected some of ${PARTS.join(', ')}`);
    }
    return { ...values, parts, package: path.resolve(values.package) };
  } catch (error) {
    return fail(`soak: ${error.message}`);
  }
}

const { parts, quick, json, package: packagePath } = options();
const results = [];
for (const part of parts) {
  const { run } = await import(`./soak/${part}.mjs`);
  const started = performance.now();
  for (const claim of await run({ quick, packagePath })) {
    results.push({ part, ...claim });
    const { what, measured, limit, holds } = claim;
    process.stdout.write(
      `${holds ? 'ok    ' : 'FAILED'} ${part}: ${what}: ${measured} (${limit})\n`,
    );
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`       ${part} took ${seconds} s\n`);
}
if (json) fs.writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`);
process.exitCode = results.every(({ holds }) => holds) ? 0 : 1;
