const TWO_TO_32 = 2 ** 32;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const LOW = IS_LITTLE_ENDIAN ? 0 : 1;
const HIGH = 1 - LOW;

/** The memory of a BigInt64Array, read and written as numbers: a bigint for each of a million stamps is slow. */
export class Int64View {
  readonly #halves: Int32Array;

  constructor(array: BigInt64Array) {
    this.#halves = new Int32Array(array.buffer, array.byteOffset, 2 * array.length);
  }

  /** The number nearest to element `index`. */
  get(index: number): number {
    return this.#halves[2 * index + HIGH]! * TWO_TO_32 + (this.#halves[2 * index + LOW]! >>> 0);
  }

  /** Stores a safe integer. */
  set(index: number, value: number): void {
    this.#halves[2 * index + LOW] = value | 0; // modulo 2^32
    this.#halves[2 * index + HIGH] = Math.floor(value / TWO_TO_32);
  }
}
