// Attention, plain and flash, lengths 128 to 4096, beside the scaled_dot_product_attention of PyTorch. The native program
// measures all lengths in a pass; passes alternate with those of the peer.

import { append, row, spread, threadCounts } from '../measure.mjs';
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
  const [rounds, budget] = quick ? [1, 0.05] : [3, 0.15];
  const counts = threadCounts(threads);
  const name = 'torch SDPA';
  const servers = new Map(
    peers ? counts.map((count) => [count, peer(name, 'torch_attention.py', count)]) : [],
  );
  return withServers([...servers.values()], async () => {
    const result = { rows: [] };
    const ours = Object.fromEntries(counts.map((count) => [count, {}]));
    const times = Object.fromEntries(counts.map((count) => [count, {}]));
    for (let round = 0; round < rounds; round++) {
      const { target, rows } = nativePass(PROGRAM, { threads, quick, only });
      result.target = target;
      for (const r of rows) append(ours[r.threads], nameOf(r), r);
      for (const [count, server] of servers) {
        const asked = rows.filter((r) => r.threads === count);
        await askPeer(server, asked, budget, times[count]);
      }
    }
    for (const count of counts) {
      for (const [work, samples] of Object.entries(ours[count])) {
        const theirs = times[count][shapeOf(samples[0])];
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
    }
    return result;
  });
}

export const columns = {
  '% of peak': (r) => r.percentOfPeak.toFixed(0),
  memory: (r) => (r.bytes === undefined ? '' : quantity(r.bytes, 'bytes')),
};
