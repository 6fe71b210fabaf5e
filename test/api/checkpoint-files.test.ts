import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { readSafetensors, writeSafetensors } from '../../lib/checkpoint/safetensors';
import { Tensor } from '../../lib/checkpoint/tensor';
import { TorchFile } from '../../lib/checkpoint/torch-file';
import { readZip } from '../../lib/checkpoint/zip';
import { PythonReader } from '../../lib/checkpoint/python';
import { FrameValue, isMap } from '../../lib/checkpoint/values';

const fixture = (...names: string[]) =>
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'checkpoints', ...names));
const ckpt = fixture('3.2', 'exogenous', 'checkpoint', 'NHITS_0.ckpt');
const dataset = fixture('3.2', 'exogenous', 'checkpoint', 'dataset.pkl');
const configuration = fixture('3.2', 'exogenous', 'checkpoint', 'configuration.pkl');
const safetensors = fixture('3.3', 'exogenous', 'checkpoint', 'NHITS_0.safetensors');

// What pandas 2.3 pickles of a table: texts, stamps and two columns of numbers; and numbers that stand column by column.
const TABLE = [
  'gASVMgUAAAAAAAB9lIwGX2NzX2RmlIwRcGFuZGFzLmNvcmUuZnJhbWWUjAlEYXRhRnJhbWWUk5QpgZR9lCiMBF9tZ3KUjB5wYW5kYXMuY29yZS',
  '5pbnRlcm5hbHMubWFuYWdlcnOUjAxCbG9ja01hbmFnZXKUk5QojBZwYW5kYXMuX2xpYnMuaW50ZXJuYWxzlIwPX3VucGlja2xlX2Jsb2NrlJOU',
  'jBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwMX3JlY29uc3RydWN0lJOUjAVudW1weZSMB25kYXJyYXmUk5RLAIWUQwFilIeUUpQoSwFLAUsEhp',
  'RoEYwFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZQojAFhlGghjAFilGgiZXSUYowIYnVpbHRpbnOUjAVz',
  'bGljZZSTlEsASwFLAYeUUpRLAoeUUpRoDYwTcGFuZGFzLl9saWJzLmFycmF5c5SMHF9fcHl4X3VucGlja2xlX05EQXJyYXlCYWNrZWSUk5SMHH',
  'BhbmRhcy5jb3JlLmFycmF5cy5kYXRldGltZXOUjA1EYXRldGltZUFycmF5lJOUSh8G8QROh5RSlGgajAJNOJSJiIeUUpQoSwSMATyUTk5OSv//',
  '//9K/////0sATihDAm5zlEsBSwFLAXSUhpR0lGJoEGgTSwCFlGgVh5RSlChLAUsBSwSGlGgajAJNOJSJiIeUUpQoSwRoNk5OTkr/////Sv////',
  '9LAE4oQwJuc5RLAUsBSwF0lIaUdJRiiUMgAACKuTWa5RUAANlKyujlFQAAKNxeN+YVAAB3bfOF5hWUdJRifZSHlGJoJksBSwJLAYeUUpRLAoeU',
  'UpRoDWgtaDBKHwbxBE6HlFKUaBqMAk04lImIh5RSlChLBGg2Tk5OSv////9K/////0sATihDAXOUSwFLAUsBdJSGlHSUYmgQaBNLAIWUaBWHlF',
  'KUKEsBSwFLBIaUaBqMAk04lImIh5RSlChLBGg2Tk5OSv////9K/////0sATihoU0sBSwFLAXSUhpR0lGKJQyCAAuNdAAAAAIAC410AAAAAgALj',
  'XQAAAACAAuNdAAAAAJR0lGJ9lIeUYmgmSwJLA0sBh5RSlEsCh5RSlGgNaBBoE0sAhZRoFYeUUpQoSwFLAksEhpRoGowCZjiUiYiHlFKUKEsDaD',
  'ZOTk5K/////0r/////SwB0lGKJQ0AAAAAAAADwPwAAAAAAAABAAAAAAAAACEAAAAAAAAAQQAAAAAAAAOA/AAAAAAAA0D8AAAAAAAAAAAAAAAAA',
  'ACBAlHSUYmgmSwNLBUsBh5RSlEsCh5RSlHSUXZQojBhwYW5kYXMuY29yZS5pbmRleGVzLmJhc2WUjApfbmV3X0luZGV4lJOUaHmMBUluZGV4lJ',
  'OUfZQojARkYXRhlGgQaBNLAIWUaBWHlFKUKEsBSwWFlGgdiV2UKIwJdW5pcXVlX2lklIwCZHOUjAZjdXRvZmaUjANvbmWUjAN0d2+UZXSUYowE',
  'bmFtZZROdYaUUpRoe4wZcGFuZGFzLmNvcmUuaW5kZXhlcy5yYW5nZZSMClJhbmdlSW5kZXiUk5R9lChoi06MBXN0YXJ0lEsAjARzdG9wlEsEjA',
  'RzdGVwlEsBdYaUUpRlhpRSlIwEX3R5cJSMCWRhdGFmcmFtZZSMCV9tZXRhZGF0YZRdlIwFYXR0cnOUfZSMBl9mbGFnc5R9lIwXYWxsb3dzX2R1',
  'cGxpY2F0ZV9sYWJlbHOUiHN1YnMu',
].join('');
const BY_COLUMNS = [
  'gASVWgMAAAAAAAB9lIwGX2NzX2RmlIwRcGFuZGFzLmNvcmUuZnJhbWWUjAlEYXRhRnJhbWWUk5QpgZR9lCiMBF9tZ3KUjB5wYW5kYXMuY29yZS',
  '5pbnRlcm5hbHMubWFuYWdlcnOUjAxCbG9ja01hbmFnZXKUk5SMFnBhbmRhcy5fbGlicy5pbnRlcm5hbHOUjA9fdW5waWNrbGVfYmxvY2uUk5SM',
  'Fm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsCSwSGlG',
  'gRjAVkdHlwZZSTlIwCZjiUiYiHlFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYohDQAAAAAAAAPA/AAAAAAAA4D8AAAAAAAAAQAAAAAAAANA/',
  'AAAAAAAACEAAAAAAAAAAAAAAAAAAABBAAAAAAAAAIECUdJRijAhidWlsdGluc5SMBXNsaWNllJOUSwFLA0sBh5RSlEsCh5RSlGgNaBBoE0sAhZ',
  'RoFYeUUpQoSwFLAUsEhpRoGowCaTiUiYiHlFKUKEsDaB5OTk5K/////0r/////SwB0lGKJQyADAAAAAAAAAAMAAAAAAAAABAAAAAAAAAAEAAAA',
  'AAAAAJR0lGJoJEsASwFLAYeUUpRLAoeUUpSGlF2UKIwYcGFuZGFzLmNvcmUuaW5kZXhlcy5iYXNllIwKX25ld19JbmRleJSTlGg5jAVJbmRleJ',
  'STlH2UKIwEZGF0YZRoEGgTSwCFlGgVh5RSlChLAUsDhZRoGowCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlCiMCXVuaXF1',
  'ZV9pZJSMA29uZZSMA3R3b5RldJRijARuYW1llE51hpRSlGg7jBlwYW5kYXMuY29yZS5pbmRleGVzLnJhbmdllIwKUmFuZ2VJbmRleJSTlH2UKG',
  'hOTowFc3RhcnSUSwCMBHN0b3CUSwSMBHN0ZXCUSwF1hpRSlGWGlFKUjARfdHlwlIwJZGF0YWZyYW1llIwJX21ldGFkYXRhlF2UjAVhdHRyc5R9',
  'lIwGX2ZsYWdzlH2UjBdhbGxvd3NfZHVwbGljYXRlX2xhYmVsc5SIc3Vicy4=',
].join('');

const value = (file: TorchFile) => new PythonReader(file).value(file.value);
const torch = (bytes: Uint8Array) => value(TorchFile.read(bytes, 'x'));
const python = (bytes: Uint8Array) => value(TorchFile.ofPickle(bytes, 'x'));

const READERS: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ['a pickled data set', dataset, python],
  ['a pickled configuration', configuration, python],
  ['a pickled table', Buffer.from(TABLE, 'base64'), python],
  ['a table by columns', Buffer.from(BY_COLUMNS, 'base64'), python],
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

test.each([
  ['block by block', TABLE, ['a', 'a', 'b', 'b']],
  ['column by column', BY_COLUMNS, [3, 3, 4, 4]],
])('a pickled table is read: %s', (_, base64, ids) => {
  const content = python(Buffer.from(base64, 'base64'));
  const table = isMap(content) ? content.get('_cs_df') : undefined;
  if (!(table instanceof FrameValue)) throw new Error('no table');
  const column = (name: string) => {
    const values = table.columns.get(name);
    return values instanceof Tensor ? values.numbers('x') : values;
  };
  expect(column('unique_id')).toEqual(ids);
  expect(column('one')).toEqual([1, 2, 3, 4]);
  expect(column('two')).toEqual([0.5, 0.25, 0, 8]);
});
