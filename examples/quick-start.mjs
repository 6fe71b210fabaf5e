// Forecasts the next year of airline passengers:  node examples/quick-start.mjs  (after `npm run build`)
import { mqLoss, NeuralForecast, nbeats, nhits, readCsv } from 'neuro-divergent';

const panel = await readCsv(new URL('data/air-passengers.csv', import.meta.url));
const training = { maxSteps: 300, windowsBatchSize: 64, scalerType: 'robust' };
const nf = new NeuralForecast({
  frequency: 'MS', // months, as of their first day
  horizon: 12,
  inputSize: 36,
  models: [nhits({ ...training, loss: mqLoss({ levels: [80, 95] }) }), nbeats(training)],
});

await nf.fit(panel);
const forecast = await nf.predict();
console.table(forecast.toRecords());
