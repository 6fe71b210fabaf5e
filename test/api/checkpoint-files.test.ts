import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { readSafetensors, writeSafetensors } from '../../lib/checkpoint/safetensors';
import { Tensor } from '../../lib/checkpoint/tensor';
import { TorchFile } from '../../lib/checkpoint/torch-file';
import { readZip } from '../../lib/checkpoint/zip';
import { PythonReader } from '../../lib/checkpoint/python';

const fixture = (...names: string[]) =>
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'checkpoints', ...names));
const ckpt = fixture('3.2', 'exogenous', 'checkpoint', 'NHITS_0.ckpt');
const dataset = fixture('3.2', 'exogenous', 'checkpoint', 'dataset.pkl');
const configuration = fixture('3.2', 'exogenous', 'checkpoint', 'configuration.pkl');
const safetensors = fixture('3.3', 'exogenous', 'checkpoint', 'NHITS_0.safetensors');

const value = (file: TorchFile) => new PythonReader(file).value(file.value);
const torch = (bytes: Uint8Array) => value(TorchFile.read(bytes, 'x'));
const python = (bytes: Uint8Array) => value(TorchFile.ofPickle(bytes, 'x'));

const READERS: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ['a pickled data set', dataset, python],
  ['a pickled configuration', configuration, python],
  ['an archive of PyTorch', ckpt, torch],
  ['a safetensors file', safetensors, (bytes) => readSafetensors(bytes, 'x')],
];

/** Whatever the bytes are, a reader gives a value or E0006. */
function isAnswered(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    read(bytes);
    return true;
  } catch (error) {
    if ((error as { number?: string }).number === 'E0006') return true;
    throw error;
  }
}

describe.each(READERS)('%s', (_, sample, read) => {
  test('is read', () => {
    expect(() => read(sample)).not.toThrow();
  });

  test('that is cut off is refused, wherever', () => {
    for (let length = 0; length < sample.length; length += Math.ceil(sample.length / 150)) {
      expect(() => read(sample.subarray(0, length))).toThrow(
        expect.objectContaining({ number: 'E0006' }),
      );
    }
  });

  test('with damaged bytes gives a value or E0006', () => {
    const damage = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Uint8Array.from(sample);
        for (const [at, value] of changes) bytes[at] = value;
        return isAnswered(read, bytes);
      }),
      { numRuns: 500 },
    );
  });
});

test('any bytes after the first ones of a pickle give a value or E0006', () => {
  // Opcodes are likelier than by chance, so that programs become longer.
  const opcodes = [...'(012NJKMGXBC]ael)t}dsuRbcQqrhj', '.'].map((c) => c.charCodeAt(0));
  const byte = fc.oneof(
    fc.constantFrom(...opcodes, 0x80, 0x81, 0x85, 0x86, 0x88, 0x8a, 0x8c, 0x8f, 0x93, 0x94),
    fc.nat(8),
    fc.nat(255),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 80 }), (program) =>
      isAnswered(python, Uint8Array.from([0x80, 4, ...program])),
    ),
    { numRuns: 2000 },
  );
});

test('values of all kinds are read', () => {
  // pickle.dumps({'a': [1, -2, 70000, 2**40, -2**70, 1.5, True, None], 'b': ('x', b'\x00'), 3: {'s'}}, 4)
  const program = Buffer.from(
    '8004954f000000000000007d94288c0161945d94284b014afeffffff4a701101008a060000000000018a09000000000000' +
      '0000c0473ff8000000000000884e658c0162948c0178944301009486944b038f94288c01739490752e',
    'hex',
  );
  expect(python(program)).toEqual(
    new Map<unknown, unknown>([
      ['a', [1, -2, 70000, 2 ** 40, -(2n ** 70n), 1.5, true, null]],
      ['b', ['x', { what: 'bytes' }]],
      [3, ['s']],
    ]),
  );
});

test('a value that holds itself is refused, not followed for ever', () => {
  const program = Uint8Array.from([0x80, 4, ...Buffer.from(']q\0h\0a.')]);
  expect(() => python(program)).toThrow(/nested too deeply/);
});

test('a small pickle that describes an endless tree is refused', () => {
  // x = []; then 60 times x = [x, x]: 2^60 values for whoever copies.
  const double = [0x32, 0x86]; // DUP, TUPLE2
  const program = Uint8Array.from([
    0x80,
    4,
    0x5d,
    ...Array.from({ length: 60 }, () => double).flat(),
    0x2e,
  ]);
  expect(() => python(program)).toThrow(/nested too deeply/);
});

test('members of an archive that lie outside of it, or are compressed, are refused', () => {
  const at = ckpt.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  const change = (offset: number, value: number) => {
    const bytes = Buffer.from(ckpt);
    bytes.writeUInt32LE(value, at + offset);
    return bytes;
  };
  expect(() => readZip(change(42, 0x7fffffff), 'x')).toThrow(/truncated/);
  expect(() => readZip(change(24, 12345678), 'x')).toThrow(/two sizes/);
  const deflated = Buffer.from(ckpt);
  deflated.writeUInt16LE(8, at + 10);
  expect(() => readZip(deflated, 'x')).toThrow(/compressed/);
});

test('a safetensors file is written as it was read, whatever the order', () => {
  const { metadata, tensors } = readSafetensors(safetensors, 'x');
  const header = Object.fromEntries(metadata);
  const bytes = writeSafetensors(header, tensors);
  expect(writeSafetensors(header, new Map([...tensors].reverse()))).toEqual(bytes);
  expect(readSafetensors(bytes, 'x')).toEqual({ metadata, tensors });
  // Types, names and places are those of the format's own library.
  const begin = Buffer.from(bytes).indexOf('{"dtype"');
  const original = Buffer.from(safetensors);
  expect(Buffer.from(bytes).subarray(begin, begin + 200)).toEqual(
    original.subarray(original.indexOf('{"dtype"'), original.indexOf('{"dtype"') + 200),
  );
});

test('a tensor gives its numbers, also 64-bit integers that no number holds', () => {
  const stamp = 1_700_000_000_123_456_789n;
  expect(Tensor.integers([1], [stamp]).bigints('x')).toEqual([stamp]);
  expect(Tensor.floats([2], [0.5, -1]).numbers('x')).toEqual([0.5, -1]);
  expect(() => Tensor.doubles([1], [0.5]).bigints('x')).toThrow(/expected/);
});
