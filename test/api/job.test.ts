import { ForecastError } from '../../lib/errors';
import { runJob } from '../../lib/job';
import type { NativeDone, NativeFailure } from '../../lib/native';

const failure = (code: string): NativeFailure => ({
  code,
  number: '',
  message: `[test] ${code}`,
  details: '{"step": 3}',
});

/** A native call under the control of the test; cancelling it reports an abort on the next turn. */
function controlled() {
  const call = { cancelled: 0, done: undefined as NativeDone<string> | undefined };
  const start = (done: NativeDone<string>) => {
    call.done = done;
    return {
      cancel: () => {
        call.cancelled++;
        setImmediate(done, failure('AbortError'), null);
      },
    };
  };
  return { call, start };
}

test('resolves with the result', async () => {
  const { call, start } = controlled();
  const promise = runJob(start);
  call.done?.(null, 'fine');
  await expect(promise).resolves.toBe('fine');
});

test('rejects with a ForecastError that has the details', async () => {
  const { call, start } = controlled();
  const promise = runJob(start);
  call.done?.(failure('ERR_ND_DIVERGED'), null);
  await expect(promise).rejects.toBeInstanceOf(ForecastError);
  await expect(promise).rejects.toMatchObject({ number: 'E0009', details: { step: 3 } });
});

test('an abort cancels once and rejects with the reason of the signal', async () => {
  const { call, start } = controlled();
  const controller = new AbortController();
  const reason = new Error('enough');
  const promise = runJob(start, controller.signal);
  controller.abort(reason);
  controller.abort(new Error('later'));
  await expect(promise).rejects.toBe(reason);
  expect(call.cancelled).toBe(1);
});

test('a signal that is already aborted starts nothing', async () => {
  const start = jest.fn();
  const reason = new Error('before');
  await expect(runJob(start, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(start).not.toHaveBeenCalled();
});

test('an abort that comes too late changes nothing', async () => {
  const controller = new AbortController();
  const promise = runJob<string>((done) => {
    setImmediate(done, null, 'done');
    return { cancel: () => undefined };
  }, controller.signal);
  controller.abort();
  await expect(promise).resolves.toBe('done');
});

test('stop() rejects with its reason', async () => {
  const reason = new Error('callback');
  const promise = runJob<string>((done, stop) => {
    setImmediate(stop, reason);
    return { cancel: () => setImmediate(done, failure('AbortError'), null) };
  });
  await expect(promise).rejects.toBe(reason);
});

test('what native code throws at the start is a rejection', async () => {
  const refused = runJob(() => {
    throw failure('ERR_ND_BUSY');
  });
  await expect(refused).rejects.toMatchObject({ code: 'ERR_ND_BUSY', number: 'E0012' });
});

test('listeners are removed from the signal', async () => {
  const { call, start } = controlled();
  const controller = new AbortController();
  const removed = jest.spyOn(controller.signal, 'removeEventListener');
  const promise = runJob(start, controller.signal);
  call.done?.(null, 'x');
  await promise;
  expect(removed).toHaveBeenCalledTimes(1);
});
