import { runScript } from './support';

test('after a fit, with all its threads still there, an idle process uses no processor', async () => {
  const script = `
    const nf = make(tiny);
    nf.fit(panel).then(() => nf.predictor()).then((predictor) => {
      predictor.predictSync(y);
      setTimeout(() => {
        const before = process.cpuUsage();
        setTimeout(() => {
          const { user, system } = process.cpuUsage(before);
          console.log((user + system) / 1000);
        }, 1000);
      }, 200);
    });`;
  const ended = await runScript(script);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  // Milliseconds in a second. A thread that spins would use hundreds.
  expect(Number(ended.stdout)).toBeLessThan(100);
});
