/** The command `simulate`: joint sample paths of a saved model. */

import type { SimulateOptions } from '../../types/index';
import { type Context, defined, integerFlag, textFlag } from './context';
import { aheadFlags, loadWithPanel, sayRows, writeOutput } from './forecast';
import { readTables } from './panel';
import { rowsOf } from './tables';

/** `simulate model.safetensors [data.csv]`. */
export async function runSimulate(
  model: string,
  file: string | undefined,
  context: Context,
): Promise<void> {
  const { flags, signal } = context;
  const { nf, columns, panel } = await loadWithPanel(model, file, context);
  const table = await nf.simulate(panel?.columns ?? null, {
    ...(await readTables(context, columns)),
    signal,
    ...aheadFlags(flags),
    ...defined({
      paths: integerFlag(flags, 'paths', 1),
      seed: integerFlag(flags, 'seed', 0),
      method: textFlag(flags, 'method') as SimulateOptions['method'],
    }),
  });
  const rows = rowsOf(table);
  const files = await writeOutput(flags, rows);
  sayRows(context, { command: 'simulate', name: 'paths', rows, files });
}
