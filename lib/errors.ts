import type { ErrorCode, ErrorNumber, ForecastError as Contract } from '../types/index';
import type { NativeFailure } from './native';

const NUMBERS: Readonly<Record<ErrorCode, ErrorNumber>> = {
  ERR_ND_NOT_FITTED: 'E0001',
  ERR_ND_SHAPE: 'E0002',
  ERR_ND_EMPTY: 'E0003',
  ERR_ND_FEATURES: 'E0004',
  ERR_ND_HORIZON: 'E0005',
  ERR_ND_FILE: 'E0006',
  ERR_ND_DEVICE: 'E0007',
  ERR_ND_MEMORY: 'E0008',
  ERR_ND_DIVERGED: 'E0009',
  ERR_ND_CONFIG: 'E0010',
  ERR_ND_DATA: 'E0011',
  ERR_ND_BUSY: 'E0012',
  ERR_ND_BINARY: 'E0013',
  ERR_ND_INTERNAL: 'E0014',
};

/** The one error of this package; `code` says which kind, `details` holds the facts for programs. */
export class ForecastError extends Error implements Contract {
  override readonly name = 'ForecastError';
  readonly code: ErrorCode;
  readonly number: ErrorNumber;
  readonly details: Readonly<Record<string, unknown>>;
  readonly help: string;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.number = Object.hasOwn(NUMBERS, code) ? NUMBERS[code] : 'E0014';
    this.details = details;
    this.help = `docs/errors.md#${this.number.toLowerCase()}`;
  }
}

/** Whether `value` is what native code throws or hands to `done`. */
export function isNativeFailure(value: unknown): value is NativeFailure {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Error) &&
    typeof (value as NativeFailure).code === 'string' &&
    typeof (value as NativeFailure).details === 'string'
  );
}

/** The Error for a native failure. */
export function toError(failure: NativeFailure): ForecastError {
  const code = Object.hasOwn(NUMBERS, failure.code)
    ? (failure.code as ErrorCode)
    : 'ERR_ND_INTERNAL';
  let details: Record<string, unknown>;
  try {
    details = JSON.parse(failure.details) as Record<string, unknown>;
  } catch {
    details = { text: failure.details };
  }
  return new ForecastError(code, failure.message, details);
}

/** Calls into native code and turns what it throws into a {@link ForecastError}. */
export function guarded<Result>(call: () => Result): Result {
  try {
    return call();
  } catch (failure) {
    throw isNativeFailure(failure) ? toError(failure) : failure;
  }
}
