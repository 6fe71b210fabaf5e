/** The archives that PyTorch writes: ZIP files whose members are stored as they are. */

import { ByteReader } from './byte-reader';
import { refuse, shown } from './refuse';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DIRECTORY = 0x02014b50;
const MEMBER = 0x04034b50;
const END_SIZE = 22;
const LONGEST_COMMENT = 0xffff;
const IN_64 = 0xffffffff;

/** Name → bytes, which are views of `bytes`. */
export function readZip(bytes: Uint8Array, file: string): Map<string, Uint8Array> {
  const { count, offset, size } = findDirectory(bytes, file);
  const reader = new ByteReader(bytes.subarray(0, offset + size), file);
  if (reader.left < offset + size) refuse(file, 'is truncated: its directory lies behind its end');
  reader.position = offset;
  const members = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const entry = readEntry(reader);
    if (members.has(entry.name)) refuse(file, `holds ${shown(entry.name)} twice`);
    if (entry.method !== 0)
      refuse(file, `holds ${shown(entry.name)} compressed, expected it as it is`);
    members.set(entry.name, contentOf(bytes, entry, file));
  }
  return members;
}

interface Directory {
  readonly count: number;
  readonly size: number;
  readonly offset: number;
}

function findDirectory(bytes: Uint8Array, file: string): Directory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = bytes.length - END_SIZE;
  for (let at = last; at >= 0 && at >= last - LONGEST_COMMENT; at--) {
    if (view.getUint32(at, true) !== END || view.getUint16(at + 20, true) !== last - at) continue;
    const count = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 12, true);
    const offset = view.getUint32(at + 16, true);
    if (count !== 0xffff && size !== IN_64 && offset !== IN_64) return { count, size, offset };
    return readLargeDirectory(bytes, at - 20, file);
  }
  return refuse(file, 'is no ZIP archive, as which PyTorch writes checkpoints');
}

function readLargeDirectory(bytes: Uint8Array, locator: number, file: string): Directory {
  const reader = new ByteReader(bytes, file);
  const seek = (position: number, signature: number) => {
    if (position < 0 || position > bytes.length)
      refuse(file, 'is damaged: its directory is not there');
    reader.position = position;
    if (reader.uint32() !== signature) refuse(file, 'is damaged: its directory is not there');
  };
  seek(locator, LOCATOR_64);
  reader.take(4);
  seek(reader.int64(), END_64);
  reader.take(28);
  const count = reader.int64();
  return { count, size: reader.int64(), offset: reader.int64() };
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly size: number;
  readonly offset: number;
}

function readEntry(reader: ByteReader): Entry {
  if (reader.uint32() !== DIRECTORY) refuse(reader.file, 'is damaged: its directory is not there');
  reader.take(6);
  const method = reader.uint16();
  reader.take(8);
  let stored = reader.uint32();
  let size = reader.uint32();
  const nameLength = reader.uint16();
  const extraLength = reader.uint16();
  const commentLength = reader.uint16();
  reader.take(8);
  let offset = reader.uint32();
  const name = reader.text(nameLength);
  const extra = new ByteReader(reader.take(extraLength), reader.file);
  reader.take(commentLength);
  while (extra.left >= 4) {
    const id = extra.uint16();
    const field = new ByteReader(extra.take(extra.uint16()), reader.file);
    if (id !== 1) continue;
    if (size === IN_64) size = field.int64();
    if (stored === IN_64) stored = field.int64();
    if (offset === IN_64) offset = field.int64();
  }
  if (method === 0 && stored !== size) refuse(reader.file, `states two sizes of ${shown(name)}`);
  return { name, method, size, offset };
}

function contentOf(bytes: Uint8Array, entry: Entry, file: string): Uint8Array {
  const reader = new ByteReader(bytes, file);
  reader.take(entry.offset);
  if (reader.uint32() !== MEMBER) refuse(file, `is damaged: ${shown(entry.name)} is not there`);
  reader.take(22);
  const nameLength = reader.uint16();
  const extraLength = reader.uint16();
  reader.take(nameLength + extraLength);
  return reader.take(entry.size);
}
