// Our side of the end-to-end suites: the built package, driven as a user drives it. Answers one JSON object a line, as
// bench/peers/neuralforecast_e2e.py does for NeuralForecast; started by the suites.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import readline from 'node:readline';
import { at } from '../support.mjs';

const require = createRequire(import.meta.url);
const nd = require(at('dist', 'index.js'));

/** { file }: the y column of a CSV file; { series, length }: made-up series, the same as the peer's. */
const tables = new Map();
function table(data) {
  const key = JSON.stringify(data);
  if (!tables.has(key)) tables.set(key, data.file ? fromFile(data.file) : madeUp(data));
  return tables.get(key);
}

function fromFile(file) {
  const [header, ...lines] = fs.readFileSync(at(file), 'utf8').trim().split('\n');
  const column = header.trim().split(',').indexOf('y');
  const y = Float64Array.from(lines, (line) => Number(line.split(',')[column]));
  return { ds: Float64Array.from(y, (_, t) => t), y };
}

function madeUp({ series, length }) {
  const y = new Float64Array(series * length);
  const ds = new Float64Array(series * length);
  const uniqueId = new Array(series * length);
  for (let i = 0; i < series; i++) {
    const id = String(i);
    for (let t = 0; t < length; t++) {
      const at = i * length + t;
      y[at] =
        100 + 10 * Math.sin((2 * Math.PI * t) / 24 + i) + ((t * 7919 + i * 104729) % 101) / 50;
      ds[at] = t;
      uniqueId[at] = id;
    }
  }
  return { unique_id: uniqueId, ds, y };
}

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function make(work, common = {}) {
  const models = work.models.map(({ name, options }) => {
    const ours = Object.entries(options).map(([key, value]) => [camel(key), value]);
    return nd[name.toLowerCase()]({ ...Object.fromEntries(ours), alias: name });
  });
  return new nd.NeuralForecast({
    horizon: work.horizon,
    inputSize: work.inputSize,
    models,
    ...common,
  });
}

async function seconds(calls, call) {
  const started = performance.now();
  for (let i = 0; i < calls; i++) await call();
  return { seconds: (performance.now() - started) / 1000 / calls };
}

let fitted;

async function answer(request) {
  if (request.fit) {
    const data = table(request.fit.data);
    await fitted?.dispose();
    return seconds(1, async () => {
      fitted = make(request.fit);
      await fitted.fit(data);
    });
  }
  if (request.predict) {
    await fitted.predict();
    return seconds(request.calls, () => fitted.predict());
  }
  if (request.crossValidation) {
    const work = request.crossValidation;
    const data = table(work.data);
    return seconds(1, async () => {
      const nf = make(work);
      await nf.crossValidation(data, work.crossValidation);
      await nf.dispose();
    });
  }
  if (request.preprocess) {
    const data = table(request.preprocess.data);
    const call = async () => {
      const nf = make(request.preprocess, { localScaler: 'robust' });
      await nf.fit(data);
      await nf.dispose();
    };
    await call();
    return seconds(request.calls, call);
  }
  return { bytes: process.resourceUsage().maxRSS * 1024 };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = await answer(JSON.parse(line));
  } catch (error) {
    reply = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
