// What an application does with the package, in the fewest lines that touch every part. The consumer
// matrix compiles and runs it in every runtime, module kind and bundler; it prints one line of JSON.

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { ForecastError, NeuralForecast, nlinear } from 'neuro-divergent';

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`);
}

async function main(): Promise<void> {
  const saved = await NeuralForecast.load('v0.1.safetensors');
  const [first = Number.NaN] = (await saved.predict()).column('DLinear');
  const firstForecastMs = performance.now();
  check(Math.abs(first - 79.97819) < 1e-3, `the forecast of the saved file, received ${first}`);
  await saved.dispose();

  const y = Array.from({ length: 120 }, (_, t) => 100 + t + 20 * Math.sin((t * Math.PI) / 6));
  const ds = y.map((_, t) => t);
  const nf = new NeuralForecast({ horizon: 6, inputSize: 24, models: [nlinear({ maxSteps: 50 })] });
  let events = 0;
  const fitted = await nf.fit(
    { ds, y },
    {
      onProgress: () => {
        events += 1;
      },
    },
  );
  check(fitted.models[0]?.steps === 50 && events > 0, 'a fit of 50 steps with progress');
  const forecast = [...(await nf.predict()).column('NLinear')];

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nd-app-'));
  const file = path.join(folder, 'model.safetensors');
  await nf.save(file);
  const again = await NeuralForecast.load(file);
  fs.rmSync(folder, { recursive: true });
  const same = [...(await again.predict()).column('NLinear')];
  check(String(same) === String(forecast), 'the same forecast after save and load');
  const predictor = await again.predictor();
  const quick = predictor.predictSync(y.slice(-24));
  check(quick.length === 6, 'six steps from the predictor');

  const failure = await again.predict({ ds, y: ds.map(() => Number.NaN) }).then(
    () => undefined,
    (error: unknown) => error,
  );
  check(failure instanceof ForecastError && failure.number === 'E0011', 'E0011 for missing values');
  const controller = new AbortController();
  const endless = nf.fit(
    { ds, y },
    { signal: controller.signal, onProgress: () => controller.abort() },
  );
  const reason = await endless.then(
    () => undefined,
    (error: unknown) => error,
  );
  check(reason === controller.signal.reason, 'the reason of the abort');
  await nf.dispose();
  await again.dispose();
  console.log(JSON.stringify({ firstForecastMs, forecast }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
