// The state in which a reader is after the first block of the quick start: a panel, a fitted forecaster.
import './package.mjs';
import { NeuralForecast, nhits, readCsv } from 'neuro-divergent';

const panel = await readCsv('air-passengers.csv');
const model = nhits({ maxSteps: 20, windowsBatchSize: 32, scalerType: 'robust' });
const nf = new NeuralForecast({ frequency: 'MS', horizon: 12, inputSize: 36, models: [model] });
await nf.fit(panel);
const rows = panel.ds.map((ds, i) => ({ unique_id: 'AirPassengers', ds, y: panel.y[i] }));
const lastValues = panel.y.slice(-36);
Object.assign(globalThis, { panel, nf, rows, lastValues });
