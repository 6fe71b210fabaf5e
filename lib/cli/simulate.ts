/** The command `simulate`: joint sample paths of a saved model. */

import type { SimulateOptions } from '../../types/index';
import { type Context, defined, integerFlag, textFlag } from './context';
import { aheadFlags, loadWithPanel } from './forecast';
import { readTables } from './panel';
import { formatCsv, say, sayFiles, sayJson } from './report';
import { recordsOf, rowsOf, writeCsv } from './tables';

/** `simulate model.safetensors [data.csv]`. */
export async function runSimulate(
  model: string,
  file: string | undefined,
  context: Context,
): Promise<void> {
  const { flags, signal, version } = context;
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
  const output = textFlag(flags, 'output');
  if (output !== undefined) await writeCsv(output, rows);
  const files = output === undefined ? [] : [output];
  if (context.json) sayJson({ version, command: 'simulate', paths: recordsOf(rows), files });
  else if (output === undefined) say(formatCsv(rows.header, rows.rows));
  else sayFiles(files);
}
