// Matrix products of the shapes that training has, beside the FMA peak (the share that N leaves: N / N rounded up to 16) and
// the better of MKL and oneDNN, as PyTorch has them. The native program measures all shapes in a pass; passes alternate
// with those of the peers.

import { append, isIn, row, spread, threadCounts } from '../measure.mjs';
import { nativePass } from '../native.mjs';
import { peer } from '../peers.mjs';
import { withServers } from '../server.mjs';

const PROGRAM = 'nd_bench_gemm';
export const targets = [PROGRAM];

const keyOf = (r) => [r.form, r.m, r.n, r.k, r.packed].join(' ');

const nameOf = ({ form, m, n, k, packed }) => `${form} ${m}×${n}×${k}${packed ? ', packed' : ''}`;

/** Adds the seconds of every library for every shape to `times` ({ shape: { library: [seconds …] } }). */
async function askPeers(server, shapes, budget, times) {
  for (const shape of shapes) {
    const { form, m, n, k, packed } = shape;
    const { seconds } = await server.ask({ form, m, n, k, packed: packed ?? false, budget });
    if (!times[keyOf(shape)]) times[keyOf(shape)] = {};
    for (const [library, value] of Object.entries(seconds)) {
      append(times[keyOf(shape)], library, value);
    }
  }
}

export async function run({ peers, quick, threads, only, emit }) {
  const [rounds, budget] = quick ? [1, 0.02] : [3, 0.1];
  const result = { rows: [] };
  for (const count of threadCounts(threads)) {
    const servers = peers ? [peer('torch', 'torch_gemm.py', count)] : [];
    await withServers(servers, async () => {
      const ours = {};
      const times = {};
      for (let round = 0; round < rounds; round++) {
        const { target, rows } = nativePass(PROGRAM, { threads: count, quick });
        result.target = target;
        const chosen = rows.filter((r) => isIn(only)(nameOf(r)));
        for (const r of chosen) append(ours, keyOf(r), r);
        for (const server of servers) await askPeers(server, chosen, budget, times);
      }
      for (const [key, samples] of Object.entries(ours)) {
        const [first] = samples;
        const flop = 2 * first.m * first.n * first.k;
        const libraries = Object.entries(times[key] ?? {});
        const line = row({
          work: nameOf(first),
          threads: count,
          ours: spread(samples.map((r) => flop / r.gflops / 1e9)),
          floor: spread(samples.map((r) => ((flop / r.gflops / 1e9) * r.percentOfBound) / 100))
            .median,
          peers: Object.fromEntries(libraries.map(([name, list]) => [name, spread(list)])),
          percentOfPeak: spread(samples.map((r) => r.percentOfPeak)).median,
          percentOfBound: spread(samples.map((r) => r.percentOfBound)).median,
        });
        result.rows.push(line);
        emit(line);
      }
    });
  }
  return result;
}

export const columns = {
  '% of peak': (r) => r.percentOfPeak.toFixed(1),
  '% of bound': (r) => r.percentOfBound.toFixed(1),
};
