// A fitted forecaster, and a file with the weights of a network of the same kind as another program writes them: a
// safetensors file of tensors with their bare names.
import fs from 'node:fs';
import './fitted.mjs';

await globalThis.nf.save('model.safetensors', { includeData: false });
const model = fs.readFileSync('model.safetensors');
const end = 8 + Number(model.readBigUInt64LE());
const header = JSON.parse(model.subarray(8, end).toString());
const kept = {};
const parts = [];
let offset = 0;
for (const [name, { dtype, shape, data_offsets: [from, to] = [] }] of Object.entries(header)) {
  if (!name.includes('blocks.')) continue;
  kept[name.slice(name.indexOf('blocks.'))] = { dtype, shape, data_offsets: [offset, offset + to - from] };
  parts.push(model.subarray(end + from, end + to));
  offset += to - from;
}
const json = JSON.stringify(kept);
const text = Buffer.from(json.padEnd(8 * Math.ceil(json.length / 8)));
const size = Buffer.alloc(8);
size.writeBigUInt64LE(BigInt(text.length));
fs.writeFileSync('weights.safetensors', Buffer.concat([size, text, ...parts]));
