// The application in a thread; the process ends by itself afterwards, with the thread's outcome.

import { Worker } from 'node:worker_threads';

const worker = new Worker(new URL('./app.mjs', import.meta.url));
worker.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});
worker.on('exit', (code) => {
  process.exitCode ||= code;
});
