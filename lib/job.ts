import type { FitProgress } from '../types/index';
import { isNativeFailure, toError } from './errors';
import type { NativeDone, NativeJob } from './native';

/** Starts a native call. `stop` cancels it and makes the promise reject with the given reason. */
type Start<Result> = (done: NativeDone<Result>, stop: (reason: unknown) => void) => NativeJob;

/**
 * The one place where promise, AbortSignal and native errors meet. Settles exactly once; an aborted job rejects with the
 * signal's reason, and the object it worked on is usable: what changes it waits until the job has wound down.
 */
export function runJob<Result>(start: Start<Result>, signal?: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let job: NativeJob | undefined;
    let stopped: { readonly reason: unknown } | undefined;
    const stop = (reason: unknown) => {
      stopped ??= { reason };
      job?.cancel();
    };
    const abort = () => stop(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      job = start((failure, result) => {
        signal?.removeEventListener('abort', abort);
        if (!failure) resolve(result as Result);
        else if (stopped && failure.code === 'AbortError') reject(stopped.reason);
        else reject(toError(failure));
      }, stop);
    } catch (failure) {
      signal?.removeEventListener('abort', abort);
      reject(isNativeFailure(failure) ? toError(failure) : failure);
    }
  });
}

/** Passes progress on; what the caller's function throws stops the job. */
export function progressReport<Progress extends FitProgress>(
  onProgress: ((progress: Progress) => void) | undefined,
  started: number,
  stop: (reason: unknown) => void,
): ((event: string) => void) | null {
  if (!onProgress) return null;
  return (event) => {
    try {
      const { validLoss, ...rest } = JSON.parse(event);
      const elapsedMs = performance.now() - started;
      onProgress({ ...rest, ...(validLoss === null ? {} : { validLoss }), elapsedMs });
    } catch (error) {
      stop(error);
    }
  };
}
