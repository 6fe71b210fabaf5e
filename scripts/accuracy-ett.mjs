// The ETT data under the protocol of the long-horizon literature, and what can be computed on it without training:
// the scores of repeating the last value, and the least-squares optimum of a linear map.

import path from 'node:path';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { readLines } from './accuracy-data.mjs';

/** Rows of the hourly sets: training, and where the test part begins and ends. */
export const TRAIN_ROWS = 8640;
const TEST_BEGIN = 11520;
const TEST_END = 14400;
/** Added to the diagonal of the normal equations, per row of the design matrix. */
const RIDGE = 1e-6;

/** The seven columns, each standardised by mean and population deviation of its training rows. */
export function readEtt(folder, set) {
  const file = path.join(folder, 'ett', `${set}.csv.gz`);
  const [, ...lines] = readLines(file);
  const rows = lines.slice(0, TEST_END).map((line) => line.split(',').slice(1).map(Number));
  return rows[0].map((_, c) => {
    const column = Float64Array.from(rows, (row) => row[c]);
    const train = column.subarray(0, TRAIN_ROWS);
    const mean = train.reduce((a, b) => a + b, 0) / TRAIN_ROWS;
    const variance = train.reduce((a, b) => a + (b - mean) ** 2, 0) / TRAIN_ROWS;
    return column.map((v) => (v - mean) / Math.sqrt(variance));
  });
}

/** The rows of each column from which windows of training or test are cut. */
export const trainPart = (columns) => columns.map((column) => column.subarray(0, TRAIN_ROWS));
export const testPart = (columns, inputSize) =>
  columns.map((column) => column.subarray(TEST_BEGIN - inputSize, TEST_END));

/**
 * Mean squared and absolute error over the first `limit` windows of each column. `forecast(windows, count)` gives
 * [count · horizon] for windows [count · inputSize].
 */
export function score(columns, inputSize, horizon, forecast, limit = Number.POSITIVE_INFINITY) {
  const batch = 1024;
  let squared = 0;
  let absolute = 0;
  let count = 0;
  for (const column of columns) {
    const windows = Math.min(limit, column.length - inputSize - horizon + 1);
    for (let begin = 0; begin < windows; begin += batch) {
      const size = Math.min(batch, windows - begin);
      const inputs = new Float64Array(size * inputSize);
      for (let i = 0; i < size; i++) {
        inputs.set(column.subarray(begin + i, begin + i + inputSize), i * inputSize);
      }
      const answers = forecast(inputs, size);
      for (let i = 0; i < size; i++) {
        for (let k = 0; k < horizon; k++) {
          const error = answers[i * horizon + k] - column[begin + i + inputSize + k];
          squared += error * error;
          absolute += Math.abs(error);
        }
      }
      count += size * horizon;
    }
  }
  return { mse: squared / count, mae: absolute / count };
}

/** Scores of repeating the last value over the test windows; `dropLast`: only whole batches of that many windows. */
export function repeatLast(columns, horizon, dropLast) {
  const part = testPart(columns, 1);
  const windows = part[0].length - horizon;
  const limit = dropLast ? Math.floor(windows / dropLast) * dropLast : windows;
  const forecast = (last, count) => {
    const out = new Float64Array(count * horizon);
    for (let i = 0; i < count; i++) out.fill(last[i], i * horizon, (i + 1) * horizon);
    return out;
  };
  return score(part, 1, horizon, forecast, limit);
}

/**
 * Σ over all windows of [x_0 … x_{n-1}]ᵀ[x_0 … x_{n-1}] and of each x_i. Neighbouring entries of a diagonal share all
 * but two products, so the matrix costs n² instead of n² times the number of windows.
 */
function windowMoments(columns, n) {
  const products = new Float64Array(n * n);
  const sums = new Float64Array(n);
  let windows = 0;
  for (const x of columns) {
    const count = x.length - n + 1;
    windows += count;
    for (let j = 0; j < n; j++) {
      let product = 0;
      let sum = 0;
      for (let t = 0; t < count; t++) {
        product += x[t] * x[t + j];
        sum += x[t + j];
      }
      sums[j] += sum;
      for (let i = 0; i + j < n; i++) {
        products[i * n + i + j] += product;
        product += x[count + i] * x[count + i + j] - x[i] * x[i + j];
      }
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) products[i * n + j] = products[j * n + i];
  return { products, sums, windows };
}

/**
 * The best linear map with bias from `inputSize` to `horizon` steps over all windows of the columns, one for all
 * columns: the optimum of Linear and DLinear, or with `relative` (values minus the last one) that of NLinear. Gives
 * its training MSE and a forecast function.
 */
export function closedForm(columns, inputSize, horizon, relative) {
  const n = inputSize + horizon;
  const last = inputSize - 1;
  const { products, sums, windows } = windowMoments(columns, n);
  const at = (i, j) => products[i * n + j];
  const product = relative ? (i, j) => at(i, j) + at(last, last) - (at(i, last) + at(last, j)) : at;
  const sum = relative ? (i) => sums[i] - sums[last] : (i) => sums[i];

  const size = inputSize + 1; // and the bias
  const normal = Matrix.zeros(size, size);
  const target = Matrix.zeros(size, horizon);
  for (let i = 0; i < size; i++) {
    const isBias = i === inputSize;
    for (let j = 0; j < inputSize; j++) normal.set(i, j, isBias ? sum(j) : product(i, j));
    normal.set(i, inputSize, isBias ? windows : sum(i));
    for (let k = 0; k < horizon; k++) {
      target.set(i, k, isBias ? sum(inputSize + k) : product(i, inputSize + k));
    }
  }
  const ridged = normal.clone();
  for (let i = 0; i < size; i++) ridged.set(i, i, ridged.get(i, i) + RIDGE * windows);
  const weights = new CholeskyDecomposition(ridged).solve(target);

  let squared = 0;
  const explained = normal.mmul(weights);
  for (let k = 0; k < horizon; k++) {
    squared += product(inputSize + k, inputSize + k);
    for (let i = 0; i < size; i++) {
      squared += weights.get(i, k) * (explained.get(i, k) - 2 * target.get(i, k));
    }
  }
  const map = weights.to2DArray().map((row) => Float64Array.from(row));
  const forecast = (inputs, count) => {
    const out = new Float64Array(count * horizon);
    for (let w = 0; w < count; w++) {
      const x = inputs.subarray(w * inputSize, (w + 1) * inputSize);
      const y = out.subarray(w * horizon, (w + 1) * horizon);
      const level = relative ? x[last] : 0;
      for (let k = 0; k < horizon; k++) y[k] = map[inputSize][k] + level;
      for (let i = 0; i < inputSize; i++) {
        const value = x[i] - level;
        const row = map[i];
        for (let k = 0; k < horizon; k++) y[k] += value * row[k];
      }
    }
    return out;
  };
  return { trainMse: squared / (windows * horizon), forecast };
}
