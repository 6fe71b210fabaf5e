// Taking turns and what comes of it: medians with their spread.

import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two turns: worker threads of the program before stop spinning. */
const PAUSE = 30;

/** { median, min, max, samples } of at least one number. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)],
    min: sorted[0],
    max: sorted.at(-1),
    samples: sorted.length,
  };
}

/**
 * `rounds` rounds in which every program has its turn: A B C A B C … `turns` is { name: () => Promise<answer> }; gives back
 * { name: [answer …] }. A program whose turn fails drops out and its error is shown.
 */
export async function takeTurns(turns, rounds) {
  const answers = Object.fromEntries(Object.keys(turns).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(answers)) {
      try {
        answers[name].push(await turns[name]());
      } catch (error) {
        process.stderr.write(`  ${name}: ${error.message}\n`);
        delete answers[name];
      }
      await sleep(PAUSE);
    }
  }
  return answers;
}

/** Adds a value to the list of that name. */
export function append(lists, name, value) {
  if (!lists[name]) lists[name] = [];
  lists[name].push(value);
}

/** The number of steps that fill `budget` seconds, from one that took `seconds`; at least 1. */
export const stepsFor = (budget, seconds) =>
  Math.max(1, Math.round(budget / Math.max(seconds, 1e-7)));

/**
 * One line of a result. `ours`, `floor` and the values of `peers` ({ name: spread }) have the same unit, "s" or "bytes";
 * `best` is the peer that comes nearest to ours.
 */
export function row({ work, threads, unit = 's', ours, floor, peers = {}, ...more }) {
  const names = Object.keys(peers).sort((a, b) => peers[a].median - peers[b].median);
  return {
    work,
    threads,
    unit,
    ours,
    ...(floor === undefined ? {} : { floor, oursOverFloor: ours.median / floor }),
    ...(names.length === 0
      ? {}
      : { peers, best: names[0], peerOverOurs: peers[names[0]].median / ours.median }),
    ...more,
  };
}

/** The numbers of threads that are measured: 1, 2, 4 … `threads`. */
export function threadCounts(threads) {
  const counts = [];
  for (let count = 1; count <= threads; count *= 2) counts.push(count);
  return counts;
}

/** Tells whether a work belongs to a run: `only` is a part of its name, or several with "|" between them. */
export const isIn = (only) => (name) => only.split('|').some((part) => name.includes(part));
