import { refuse } from './refuse';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Little-endian numbers from bytes; what would lie behind their end is refused. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(
    bytes: Uint8Array,
    readonly file: string,
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.position;
  }

  take(length: number): Uint8Array {
    const begin = this.#advance(length);
    return this.#bytes.subarray(begin, begin + length);
  }
  text(length: number): string {
    const bytes = this.take(length);
    try {
      return UTF8.decode(bytes);
    } catch {
      return refuse(this.file, 'is damaged: a text is no valid UTF-8');
    }
  }
  /** Up to the next line feed, which is skipped. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) refuse(this.file, 'is truncated: a line has no end');
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }
  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }
  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }
  /** A length or offset: what no number can hold is refused. */
  int64(): number {
    const value = Number(this.#view.getBigUint64(this.#advance(8), true));
    if (!Number.isSafeInteger(value))
      refuse(this.file, 'is damaged: it states a length beyond 2^53');
    return value;
  }
  float64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  #advance(length: number): number {
    const begin = this.position;
    if (length < 0 || length > this.left) {
      refuse(
        this.file,
        `is truncated: ${length} bytes are expected at byte ${begin}, ${this.left} are left`,
      );
    }
    this.position += length;
    return begin;
  }
}
