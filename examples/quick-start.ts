/**
 * Fits two networks on the airline passengers with progress and a time limit, saves them, serves one, draws a plot.
 * Compile with any bundler or run with a TypeScript runner, e.g. `bun examples/quick-start.ts`.
 */
import { mqLoss, NeuralForecast, nbeats, nhits, readCsv } from 'neuro-divergent';
import { plotForecast } from 'neuro-divergent/plot';

async function main(): Promise<void> {
  const panel = await readCsv('examples/data/air-passengers.csv');
  const training = { maxSteps: 300, windowsBatchSize: 64, scalerType: 'robust' } as const;
  await using nf = new NeuralForecast({
    frequency: 'MS',
    horizon: 12,
    inputSize: 36,
    models: [nhits({ ...training, loss: mqLoss({ levels: [80, 95] }) }), nbeats(training)],
  });

  await nf.fit(panel, {
    signal: AbortSignal.timeout(120_000),
    onProgress: ({ model, step, maxSteps, trainLoss }) =>
      process.stderr.write(`\r${model} ${step}/${maxSteps} loss ${trainLoss.toFixed(4)} `),
  });
  const forecast = await nf.predict();
  process.stdout.write(`\n${forecast.toCsv()}`);

  await nf.save('air.safetensors');
  await plotForecast({ history: panel, forecast, title: 'Airline passengers' }).save('air.html');

  const predictor = await nf.predictor('NBEATS');
  const next = predictor.predictSync(panel.y.slice(-36)); // microseconds, no promise
  process.stdout.write(`next month: ${next[0]?.toFixed(1)} thousand\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error}\n`);
  process.exitCode = 1;
});
