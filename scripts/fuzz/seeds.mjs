// What the fuzzers start from: real files and configurations of this version, and the names that occur in them.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { at } from '../support.mjs';

const SIZES = { horizon: 2, inputSize: 4 };
const SMALL = {
  maxSteps: 1,
  windowsBatchSize: 4,
  hiddenSize: 4,
  mlpUnits: [[4, 4]],
  encoderHiddenSize: 4,
  decoderHiddenSize: 4,
  linearHiddenSize: 4,
  convHiddenSize: 4,
  ffDim: 4,
  nSeries: 1,
  nHeads: 2,
  nHead: 2,
  patchLen: 2,
  stride: 1,
  encoderLayers: 1,
  decoderLayers: 1,
};

const values = {
  F32: (bytes) => [...new Float32Array(bytes)],
  F64: (bytes) => [...new Float64Array(bytes)],
  I64: (bytes) => [...new BigInt64Array(bytes)],
};

/** A saved model as the lines that test/fuzz/native/model_text.h describes. */
function modelText(bytes) {
  const size = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.toString('utf8', 8, 8 + size));
  const lines = Object.entries(metadata)
    .filter(([key]) => key !== 'digests')
    .map(([key, value]) => `${key} ${key === 'history' ? shortened(value) : value}`);
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [begin, end],
    },
  ] of Object.entries(tensors)) {
    const numbers = values[dtype](
      new Uint8Array(bytes.subarray(8 + size + begin, 8 + size + end)).buffer,
    );
    // Of weights a few are enough, the rest repeats them; sizes and stamps are said in full.
    const shown = name.startsWith('data/')
      ? numbers
      : numbers.slice(0, 4).map((x) => x.toPrecision(3));
    lines.push(`tensor ${name} ${dtype} ${shape.join(',')} ${shown.join(' ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function shortened(history) {
  return JSON.stringify(
    JSON.parse(history).map((one) => ({ ...one, trainHistory: one.trainHistory?.slice(0, 2) })),
  );
}

const picked = (params) =>
  Object.fromEntries(
    params.filter(({ name }) => name in SMALL).map(({ name }) => [name, SMALL[name]]),
  );

/** Writes seeds of every target below a folder, and names.dict beside them. */
export async function writeSeeds(folder) {
  const { NeuralForecast, registry } = createRequire(import.meta.url)(at('dist', 'index.js'));
  const { models, losses, training, common, windowScalers, seriesScalers } = registry();
  fs.rmSync(folder, { recursive: true, force: true });
  const write = (target, name, content) => {
    fs.mkdirSync(path.join(folder, target), { recursive: true });
    fs.writeFileSync(path.join(folder, target, name), content);
  };

  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-seeds-'));
  const rows = Array.from({ length: 24 }, (_, i) => i);
  const table = {
    ds: rows.map((i) => new Date(Date.UTC(2020, i, 1))),
    y: rows.map((i) => 10 + i + 3 * Math.sin(i)),
  };
  try {
    for (const model of models) {
      const options = { ...picked([...model.params, ...training]), scalerType: 'revin' };
      const config = { ...SIZES, localScaler: 'standard', models: [{ type: model.type, options }] };
      write('config', model.name, JSON.stringify(config));
      const nf = new NeuralForecast(config);
      await nf.fit(table);
      const file = path.join(temporary, `${model.name}.safetensors`);
      await nf.save(file);
      const bytes = fs.readFileSync(file);
      write('model_file', model.name, modelText(bytes));
      if (bytes.length <= 8192) write('safetensors', model.name, bytes);
      await nf.dispose();
    }
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  const fixture = fs.readFileSync(at('test', 'fixtures', 'v0.1.safetensors'));
  write('model_file', 'v0.1', modelText(fixture));
  for (const loss of losses) {
    const options = Object.fromEntries(loss.params.map((param) => [param.name, param.default]));
    if (loss.params.some(({ required }) => required))
      Object.assign(options, { q: 0.5, seasonality: 2 });
    const known = Object.fromEntries(
      Object.entries(options).filter(([name]) => loss.params.some((param) => param.name === name)),
    );
    const one = {
      type: 'NLinear',
      alias: 'n',
      options: { loss: { type: loss.type, options: known }, validLoss: 'MAE' },
    };
    write(
      'config',
      `loss-${loss.name}`,
      JSON.stringify({
        ...SIZES,
        frequency: '15min',
        compat: 'neuralforecast',
        models: [one, { type: 'MLP' }],
      }),
    );
  }
  write('safetensors', 'small', smallFile());
  const stamps = Buffer.alloc(64);
  [0n, 1n, 86_400_000n, 12n, 1_577_836_800_000n, 3n, -1n, 2n ** 62n].forEach((n, i) => {
    stamps.writeBigInt64LE(n, 8 * i);
  });
  for (const text of [
    '1',
    '7',
    'MS',
    'M',
    'QS-FEB',
    'Q-DEC',
    'Y',
    'YS-APR',
    'W-SUN',
    'D',
    'B',
    '15min',
    '2h',
    's',
    'ms',
  ]) {
    write('time', text, Buffer.concat([Buffer.from(`${text}\0`), stamps]));
  }
  for (let flags = 0; flags < 64; flags++) {
    const body = rows.slice(0, 8).flatMap((i) => [flags & 6 ? i % 3 : 0, 1, i]);
    write(
      'panel',
      `flags-${flags}`,
      Buffer.concat([Buffer.from([flags]), Buffer.alloc(8), Buffer.from(body)]),
    );
  }

  const options = [models, losses]
    .flat()
    .flatMap(({ params }) => params)
    .concat(training, common);
  const words = new Set([
    ...options.flatMap(({ name, choices }) => [name, ...choices]),
    ...[...models, ...losses].flatMap(({ name, type }) => [name, type]),
    ...windowScalers,
    ...seriesScalers,
    ...[
      'frequency',
      'localScaler',
      'compat',
      'models',
      'type',
      'alias',
      'options',
      'null',
      'true',
      'false',
      'horizon',
    ],
    ...[
      'dtype',
      'shape',
      'data_offsets',
      '__metadata__',
      'F32',
      'F64',
      'I64',
      'BF16',
      'BOOL',
      'tensor',
      'data/values',
    ],
    ...[
      '1e308',
      '9007199254740993',
      '9223372036854775807',
      '-1',
      '1000000',
      '0.5',
      '[]',
      '{}',
      '\\\\ud800',
    ],
  ]);
  const lines = [...words].map((word) => `"${word.replaceAll('"', '')}"`);
  fs.writeFileSync(path.join(folder, 'names.dict'), `${lines.join('\n')}\n`);
}

/** A file of two tensors. */
function smallFile() {
  const header = JSON.stringify({
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
    b: { dtype: 'I64', shape: [1], data_offsets: [16, 24] },
  });
  const text = header.padEnd(Math.ceil(header.length / 8) * 8);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, Buffer.from(text), Buffer.alloc(24)]);
}
