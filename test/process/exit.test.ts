import { runScript } from './support';

const clean = { code: 0, signal: null, stderr: '' };

test('a process with nothing in flight ends by itself', async () => {
  const script = `make(tiny); make(tiny).fit(panel).then(() => console.log('fitted'));`;
  expect(await runScript(script)).toEqual({ ...clean, stdout: 'fitted\n' });
});

test('a call in flight keeps the process alive until it settles', async () => {
  const script = `
    const nf = make({ ...tiny, maxSteps: 300 });
    nf.fit(panel).then(() => nf.predict()).then((t) => console.log(t.length));`;
  expect(await runScript(script)).toEqual({ ...clean, stdout: '4\n' });
});

test('process.exit() with a fit in flight', async () => {
  const ended = await runScript(`running().then(() => process.exit(3));`);
  expect(ended).toEqual({ ...clean, code: 3, stdout: '' });
});

test('process.exit() right after the call, and with calls in the queue', async () => {
  const script = `for (let i = 0; i < 20; i++) { make().fit(panel); } process.exit(4);`;
  expect(await runScript(script)).toEqual({ ...clean, code: 4, stdout: '' });
});

test('process.exit() inside a progress callback', async () => {
  const script = `make().fit(panel, { onProgress: () => process.exit(5) });`;
  expect(await runScript(script)).toEqual({ ...clean, code: 5, stdout: '' });
});

test('calls during exit are refused, not crashed', async () => {
  const script = `
    const nf = make(tiny);
    nf.fit(panel).then(() => nf.predictor()).then((predictor) => {
      process.on('exit', () => {
        nf.predict().catch(() => {});
        console.log(predictor.predictSync(y).length);
      });
      running();
      setTimeout(() => process.exit(0), 100);
    });`;
  expect(await runScript(script)).toEqual({ ...clean, stdout: '4\n' });
});

test('an uncaught exception with a fit in flight', async () => {
  const ended = await runScript(
    `running().then(() => setImmediate(() => { throw new Error('mine'); }));`,
  );
  expect(ended).toMatchObject({ code: 1, signal: null });
  expect(ended.stderr).toContain('Error: mine');
});

test('an unhandled rejection with a fit in flight', async () => {
  const ended = await runScript(`running().then(() => { Promise.reject(new Error('mine')); });`);
  expect(ended).toMatchObject({ code: 1, signal: null });
  expect(ended.stderr).toContain('Error: mine');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s with a fit in flight', async (signal) => {
  const ended = await runScript(`running().then(() => console.log('ready'));`, {
    onOutput: (_, kill) => kill(signal),
  });
  expect(ended).toEqual({ code: null, signal, stdout: 'ready\n', stderr: '' });
});

test('a SIGTERM handler may exit with a fit in flight', async () => {
  const script = `
    process.on('SIGTERM', () => process.exit(0));
    running().then(() => console.log('ready'));`;
  const ended = await runScript(script, { onOutput: (_, kill) => kill('SIGTERM') });
  expect(ended).toEqual({ ...clean, stdout: 'ready\n' });
});

test('the library writes nothing', async () => {
  const script = `
    const nf = make(tiny);
    nf.fit(panel, { valSize: 4 }).then(() => nf.predict()).then(() => nf.dispose());`;
  expect(await runScript(script)).toEqual({ ...clean, stdout: '' });
});
