// Threads of JavaScript that load the package and are terminated in the middle of a fit.

import { claim, prelude, runScript } from './support.mjs';

export async function run({ quick, packagePath }) {
  const count = quick ? 10 : 100;
  const limit = quick ? 4096 : 256; // the first ones fill the allocator's pools
  const body = `${prelude(packagePath)}
    const { parentPort } = require('node:worker_threads');
    running().then(() => parentPort.postMessage('fits'));`;
  const ended = await runScript(
    packagePath,
    `const { Worker } = require('node:worker_threads');
    const { once } = require('node:events');
    (async () => {
      const rss = [];
      for (let i = 0; i < ${count}; i++) {
        const worker = new Worker(${JSON.stringify(body)}, { eval: true });
        await once(worker, 'message');
        await pause(Math.random() * 20);
        await worker.terminate();
        rss.push(process.memoryUsage().rss);
      }
      const nf = make();
      await nf.fit(panel);
      console.log(JSON.stringify({ forecasts: (await nf.predict()).length, rss }));
    })();`,
    { limitMs: 600_000 },
  );
  const { forecasts, rss } = ended.code === 0 ? JSON.parse(ended.stdout) : { rss: [0] };
  const half = rss[Math.floor(rss.length / 2)];
  const grown = (rss.at(-1) - half) / Math.max(1, rss.length / 2) / 1024;
  const how = ended.hung ? 'hung' : (ended.signal ?? `exit code ${ended.code}`);
  return [
    claim(
      `${count} workers terminated mid-fit, then a fit in the main thread`,
      how,
      'exit code 0',
      ended.code === 0 && forecasts === 4 && ended.stderr === '',
    ),
    claim(
      'resident memory per worker, second half',
      `${grown.toFixed(0)} KiB`,
      `under ${limit} KiB`,
      grown < limit,
    ),
  ];
}
