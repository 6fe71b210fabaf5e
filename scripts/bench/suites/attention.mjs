// Attention, plain and flash, lengths 128 to 4096, beside the scaled_dot_product_attention of PyTorch. The native program
// measures all lengths in a pass; passes alternate with those of the peer.

import { append, isIn, row, spread } from '../measure.mjs';
import { nativePass } from '../native.mjs';
import { peer } from '../peers.mjs';
import { withServers } from '../server.mjs';
import { quantity } from '../table.mjs';

const PROGRAM = 'nd_bench_attention';
export const targets = [PROGRAM];

const shapeOf = (r) =>
  `${r.work}, length ${r.length}, width ${r.width}, ${r.heads} heads${r.windows > 1 ? `, ${r.windows} windows` : ''}`;
const nameOf = (r) => `${r.form} ${shapeOf(r)}`;

/** Adds the peer's seconds for every shape once. */
async function askPeer(server, rows, budget, times) {
  for (const r of new Map(rows.map((one) => [shapeOf(one), one])).values()) {
    const { seconds } = await server.ask({
      windows: r.windows ?? 1,
      length: r.length,
      width: r.width,
      heads: r.heads,
      causal: r.causal ?? false,
      backward: /backward/.test(r.work),
      budget,
    });
    append(times, shapeOf(r), seconds);
  }
}

export async function run({ peers, quick, threads, only, emit }) {
  const [rounds, budget] = quick ? [1, 0.05] : [3, 0.3];
  const result = { rows: [] };
  for (let count = 1; count <= threads; count *= 2) {
    const name = 'torch SDPA';
    const servers = peers ? [peer(name, 'torch_attention.py', count)] : [];
    await withServers(servers, async () => {
      const ours = {};
      const times = {};
      for (let round = 0; round < rounds; round++) {
        const { target, rows } = nativePass(PROGRAM, count, quick);
        result.target = target;
        const chosen = rows.filter((r) => isIn(only)(nameOf(r)));
        for (const r of chosen) append(ours, nameOf(r), r);
        for (const server of servers) await askPeer(server, chosen, budget, times);
      }
      for (const [work, samples] of Object.entries(ours)) {
        const theirs = times[shapeOf(samples[0])];
        const seconds = spread(samples.map((r) => r.seconds));
        const percent = spread(samples.map((r) => r.percentOfPeak)).median;
        const line = row({
          work,
          threads: count,
          ours: seconds,
          floor: (seconds.median * percent) / 100,
          peers: theirs ? { [name]: spread(theirs) } : {},
          percentOfPeak: percent,
          bytes: samples[0].bytes,
        });
        result.rows.push(line);
        emit(line);
      }
    });
  }
  return result;
}

export const columns = {
  '% of peak': (r) => r.percentOfPeak.toFixed(0),
  memory: (r) => (r.bytes === undefined ? '' : quantity(r.bytes, 'bytes')),
};
