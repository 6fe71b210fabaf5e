/** The command `neuro-divergent`. It does what the API does, with flags named like the options. */

import { registry } from '../index';
import type { Registry } from '../../types/registry';
import { createProgram } from './program';
import { EXIT, reportError } from './report';

declare const __ND_VERSION__: string;

/** Commands with a flag for every option of every model, and the one that knows all flags. */
const OF_MODELS = [
  ...['fit', 'forecast', 'cv', 'completion'],
  ...['find-learning-rate', 'find-batch-size', 'check-one-batch'],
];

/** The registry where flags are made of it; help is shown, and other commands work, without the native binary too. */
function registryFor(args: readonly string[]): Registry | undefined {
  if (!args.some((arg) => OF_MODELS.includes(arg))) return undefined;
  try {
    return registry();
  } catch (error) {
    if (['help', '--help', '-h'].some((help) => args.includes(help))) return undefined;
    throw error;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  // A reader such as `head` that has seen enough is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
  );
  // No event loop to protect here: fits need not yield to whatever else the machine does. The doctor looks at what a
  // service would have.
  if (!args.includes('doctor')) process.env.ND_PRIORITY ??= 'normal';
  try {
    const context = { signal: interrupt.signal, json, version: __ND_VERSION__, registry };
    const program = createProgram(context, registryFor(args));
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return reportError(error, json);
  }
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
