// A folder that NeuralForecast saved.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const saved = new URL('../../fixtures/checkpoints/3.3/target-only/checkpoint', import.meta.url);
fs.cpSync(fileURLToPath(saved), 'checkpoint', { recursive: true });
