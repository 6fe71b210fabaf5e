/**
 * The property that every public call has: it ends well, with a result that makes sense, or with a documented error.
 * Tests try a hundred fixed inputs per call; `npm run fuzz` tries ten thousand new ones (CONTRIBUTING.md).
 */

import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { ErrorCode } from '../../../types/index';
import { ForecastError } from '../../../lib/index';
import { CALLERS_ERROR } from './junk';

const NUMBERS: Readonly<Record<ErrorCode, string>> = {
  ERR_ND_NOT_FITTED: 'E0001',
  ERR_ND_SHAPE: 'E0002',
  ERR_ND_EMPTY: 'E0003',
  ERR_ND_FEATURES: 'E0004',
  ERR_ND_HORIZON: 'E0005',
  ERR_ND_FILE: 'E0006',
  ERR_ND_DEVICE: 'E0007',
  ERR_ND_MEMORY: 'E0008',
  ERR_ND_DIVERGED: 'E0009',
  ERR_ND_CONFIG: 'E0010',
  ERR_ND_DATA: 'E0011',
  ERR_ND_BUSY: 'E0012',
  ERR_ND_BINARY: 'E0013',
  ERR_ND_INTERNAL: 'E0014',
};

const RUNS = Number(process.env.ND_FUZZ_RUNS ?? 100);
const SEED = process.env.ND_FUZZ_SEED;
const MINUTES = process.env.ND_FUZZ_MINUTES;
const REPORT = process.env.ND_FUZZ_REPORT;
/** Longest that a call may take here, in milliseconds: all inputs are tiny. */
const PATIENCE = 20_000;

/** Inputs that once led to a finding, by property. */
const KEPT: Readonly<Record<string, readonly unknown[]>> = JSON.parse(
  fs.readFileSync(path.join(__dirname, 'kept.json'), 'utf8'),
);

const counts = new Map<string, number>();
const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);

/** Fails unless an error is one that a caller may meet: documented, or the caller's own. */
export function judge(error: unknown): string {
  if (error === CALLERS_ERROR) return 'own';
  const fail = (why: string): never => {
    throw new Error(`${why}: ${(error as Error)?.stack ?? String(error)}`, { cause: error });
  };
  if (!(error instanceof ForecastError)) return fail('not a documented error');
  const number = NUMBERS[error.code];
  if (number === undefined || number !== error.number)
    return fail(`code ${error.code} ${error.number}`);
  if (error.help !== `docs/errors.md#${number.toLowerCase()}`) return fail(`help ${error.help}`);
  if (error.code === 'ERR_ND_INTERNAL') return fail('a broken invariant');
  if (!/^\[[^\]]+\] \S/.test(error.message)) return fail('a message without its place');
  JSON.stringify(error.details);
  return error.code;
}

/** Calls, and gives back { value }, or undefined after an error that is as it should be. */
export async function attempt<Value>(
  call: () => Value | Promise<Value>,
): Promise<{ readonly value: Value } | undefined> {
  const started = performance.now();
  let outcome: { readonly value: Value } | undefined;
  try {
    outcome = { value: await call() };
    count('accepted');
  } catch (error) {
    count(judge(error));
  }
  const took = performance.now() - started;
  if (took > PATIENCE) throw new Error(`took ${Math.round(took)} ms`);
  return outcome;
}

/** A test of one public call: `run` builds its input anew and fails when the call misbehaves. */
export function fuzz<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  run: (input: Input) => Promise<void>,
  { share = 1 }: { readonly share?: number } = {},
): void {
  const limit = MINUTES === undefined ? 3_600_000 : Number(MINUTES) * 60_000;
  test(
    name,
    async () => {
      counts.clear();
      const seed = SEED === undefined ? 1 : Number(SEED);
      const kept = (Object.hasOwn(KEPT, name) ? KEPT[name] : []) as Input[];
      const result = await fc.check(fc.asyncProperty(inputs, run), {
        seed,
        numRuns: kept.length + Math.max(1, Math.round(RUNS * share)),
        examples: kept.map((input) => [input] as [Input]),
        interruptAfterTimeLimit: limit,
      });
      const finding = result.counterexample
        ? { input: result.counterexample[0], error: String(result.errorInstance) }
        : null;
      if (REPORT) {
        const line = {
          name,
          inputs: result.numRuns,
          seed,
          counts: Object.fromEntries(counts),
          finding,
        };
        fs.appendFileSync(REPORT, `${JSON.stringify(line)}\n`);
      }
      if (finding) {
        throw new Error(
          `${finding.error}\nseed ${seed}, kept in test/fuzz/api/kept.json as\n${JSON.stringify(finding.input)}`,
          { cause: result.errorInstance },
        );
      }
      expect(result.numRuns).toBeGreaterThan(0);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
    limit + 60_000,
  );
}
