// Steps of every network: ours beside the floor of this run, and beside NeuralForecast's own networks in a bare PyTorch
// loop, in turns.

import { at } from '../../support.mjs';
import { isIn, row, spread, stepsFor, takeTurns, threadCounts } from '../measure.mjs';
import { peer } from '../peers.mjs';
import { Server, withServers } from '../server.mjs';

export const targets = ['nd_bench_train'];

/** How torch_train.py's modes are called in results. */
const MODES = {
  eager: 'torch eager',
  fused: 'torch eager, fused Adam',
  compiled: 'torch.compile, fused Adam',
};

/** snake_case of an option's name, as the peers call it. */
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A case as the native benchmark lists it, as a request to a peer. */
export const requestOf = (work) => ({
  ...work,
  options: Object.fromEntries(
    Object.entries(work.options).map(([name, value]) => [snake(name), value]),
  ),
});

async function measure(work, threads, ours, others, { budget, rounds }) {
  const turns = {};
  for (const server of [ours, ...others]) {
    const request = server === ours ? { case: work.work, threads } : requestOf(work);
    try {
      await server.ask({ ...request, steps: 1 });
      const { seconds } = await server.ask({ ...request, steps: 1 });
      const steps = stepsFor(budget, seconds);
      turns[server.name] = () => server.ask({ ...request, steps });
    } catch (error) {
      process.stderr.write(`  ${work.work}: ${error.message}\n`);
    }
  }
  const answers = await takeTurns(turns, rounds);
  const own = answers[ours.name];
  if (!own) throw new Error(`${work.work} has no result of ours`);
  delete answers[ours.name];
  const floor = spread(own.map((a) => a.floor)).median;
  const first = own[0];
  for (const name of Object.keys(answers)) {
    const { parameters } = answers[name][0];
    if (parameters !== first.parameters) {
      process.stderr.write(
        `  ${work.work}: ${name} has ${parameters} parameters, ours ${first.parameters}\n`,
      );
    }
  }
  return row({
    work: work.work,
    threads,
    ours: spread(own.map((a) => a.seconds)),
    floor,
    peers: Object.fromEntries(
      Object.entries(answers).map(([name, list]) => [name, spread(list.map((a) => a.seconds))]),
    ),
    parameters: first.parameters,
    flop: first.flop,
    peakFlops: spread(own.map((a) => a.peakFlops)).median,
    percentOfPeak: spread(own.map((a) => (100 * first.flop) / a.seconds / a.peakFlops)).median,
    optimizerBandwidth: first.optimizerBandwidth,
    bytes: first.bytes,
  });
}

/** What more threads gain over one, and that as a share of what they gain on the FMA peak. */
function speedup(line, rows) {
  const one = rows.find((r) => r.work === line.work && r.threads === 1);
  if (!one) return {};
  const gain = one.ours.median / line.ours.median;
  return { speedup: gain, speedupOfPeaks: (gain * one.peakFlops) / line.peakFlops };
}

/** { target, rows, versions? }. `only` is a part of the names of the work; `emit` gets each row as it is measured. */
export async function run({ peers, quick, threads, only, emit }) {
  const effort = quick ? { budget: 0.05, rounds: 3 } : { budget: 0.25, rounds: 11 };
  const modes = peers ? (quick ? ['eager', 'fused'] : Object.keys(MODES)) : [];
  const native = new Server('ours', at('build', 'release', 'nd_bench_train'), ['--serve']);
  const result = { rows: [] };
  await withServers([native], async () => {
    const { cases, target } = await native.ask({ list: true });
    result.target = target;
    const chosen = cases.filter((c) => isIn(only)(c.work));
    for (const count of threadCounts(threads)) {
      const others = modes.map((mode) => peer(MODES[mode], 'torch_train.py', mode, count));
      await withServers(others, async () => {
        if (others.length > 0) result.versions = await others[0].ask({ versions: true });
        for (const work of chosen) {
          const line = await measure(work, count, native, others, effort);
          Object.assign(line, speedup(line, result.rows));
          result.rows.push(line);
          emit(line);
        }
      });
    }
  });
  return result;
}

export const columns = {
  '% of peak': (r) => r.percentOfPeak?.toFixed(0) ?? '',
  'speed-up (of the peaks)': (r) =>
    r.speedup === undefined ? '' : `${r.speedup.toFixed(2)} (${r.speedupOfPeaks.toFixed(2)})`,
};
