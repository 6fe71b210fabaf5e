import { isNativeFailure, toError } from './errors';
import type { NativeDone, NativeJob } from './native';

/** Starts a native call. `stop` cancels it and makes the promise reject with the given reason. */
type Start<Result> = (done: NativeDone<Result>, stop: (reason: unknown) => void) => NativeJob;

/**
 * The one place where promise, AbortSignal and native errors meet. Settles exactly once, and only when the native job
 * is over, so that the object it worked on is usable again; an aborted job rejects with the signal's reason.
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
