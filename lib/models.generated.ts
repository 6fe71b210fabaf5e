/**
 * The factories of models and losses. Written by scripts/generate.mjs from the model registry. Do not edit.
 */

import type {
  AutoformerOptions,
  DistributionLossOptions,
  DlinearOptions,
  FredfOptions,
  GmmOptions,
  HuberIqLossOptions,
  HuberLossOptions,
  HuberMqLossOptions,
  HuberQLossOptions,
  IqLossOptions,
  LossDescription,
  LstmOptions,
  MaeOptions,
  MapeOptions,
  MaseOptions,
  MlpOptions,
  ModelDescription,
  MqLossOptions,
  MseOptions,
  NbeatsOptions,
  NbmmOptions,
  NhitsOptions,
  NlinearOptions,
  PatchtstOptions,
  PmmOptions,
  QuantileLossOptions,
  RmseOptions,
  ScrpsOptions,
  SmapeOptions,
  TsmixerOptions,
  TukeyLossOptions,
} from '../types/models';
import { optionError } from './options';
import { isArray, isObject } from './values';

/** A description is data: what the options mean is checked by the engine, which knows the registry. */
function describe(type: string, options: object): ModelDescription & LossDescription {
  const isGiven = isObject(options) && !isArray(options);
  if (!isGiven) throw optionError(type, 'options', options, 'an object');
  return Object.freeze({ type, options: Object.freeze({ ...options }) });
}

/**
 * MLP: Dense layers with ReLU over the flattened history and exogenous inputs; a fast, strong
 * baseline.
 * Rosenblatt, "Principles of Neurodynamics", 1961; Rumelhart, Hinton, Williams, "Learning
 * representations by back-propagating errors", Nature 323, 1986, https://doi.org/10.1038/323533a0
 */
export function mlp(options: MlpOptions = {}): ModelDescription {
  return describe('MLP', options);
}

/**
 * DLinear: A moving average splits the history into trend and remainder; one linear map forecasts
 * from each.
 * Zeng, Chen, Zhang, Xu, "Are Transformers Effective for Time Series Forecasting?", AAAI 2023,
 * https://arxiv.org/abs/2205.13504
 */
export function dlinear(options: DlinearOptions = {}): ModelDescription {
  return describe('DLinear', options);
}

/**
 * NLinear: One linear map from the history minus its last value to the forecast minus that value.
 * Zeng, Chen, Zhang, Xu, "Are Transformers Effective for Time Series Forecasting?", AAAI 2023,
 * https://arxiv.org/abs/2205.13504
 */
export function nlinear(options: NlinearOptions = {}): ModelDescription {
  return describe('NLinear', options);
}

/**
 * NBEATS: Residual blocks of dense layers that answer freely or with trend and seasonal functions
 * of time; accurate on many short series, and its parts can be read.
 * Oreshkin, Carpov, Chapados, Bengio, "N-BEATS: Neural Basis Expansion Analysis for Interpretable
 * Time Series Forecasting", ICLR 2020, https://arxiv.org/abs/1905.10437
 */
export function nbeats(options: NbeatsOptions = {}): ModelDescription {
  return describe('NBEATS', options);
}

/**
 * NHITS: Residual blocks at several rates: pooled history in, a few knots out, interpolated to the
 * horizon; strong and cheap for long horizons.
 * Challu, Olivares, Oreshkin, Garza, Mergenthaler-Canseco, Dubrawski, "N-HiTS: Neural Hierarchical
 * Interpolation for Time Series Forecasting", AAAI 2023, https://arxiv.org/abs/2201.12886
 */
export function nhits(options: NhitsOptions = {}): ModelDescription {
  return describe('NHITS', options);
}

/**
 * LSTM: Long short-term memory over the history and a dense decoder for the whole horizon at once,
 * or one step at a time, each forecast read back.
 * Hochreiter, Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997,
 * https://doi.org/10.1162/neco.1997.9.8.1735; Sak, Senior, Beaufays, "Long Short-Term Memory
 * Recurrent Neural Network Architectures for Large Scale Acoustic Modeling", INTERSPEECH 2014
 */
export function lstm(options: LstmOptions = {}): ModelDescription {
  return describe('LSTM', options);
}

/**
 * PatchTST: Overlapping patches of the history are the tokens of a transformer encoder; a linear
 * head forecasts from all of them.
 * Nie, Nguyen, Sinthong, Kalagnanam, "A Time Series is Worth 64 Words: Long-term Forecasting with
 * Transformers", ICLR 2023, https://arxiv.org/abs/2211.14730
 */
export function patchtst(options: PatchtstOptions = {}): ModelDescription {
  return describe('PatchTST', options);
}

/**
 * TSMixer: Forecasts several series together: layers that mix the steps of each series alternate
 * with layers that mix the series at each step.
 * Chen, Li, Yoder, Arik, Pfister, "TSMixer: An All-MLP Architecture for Time Series Forecasting",
 * TMLR 2023, https://arxiv.org/abs/2303.06053
 */
export function tsmixer(options: TsmixerOptions): ModelDescription {
  return describe('TSMixer', options);
}

/**
 * Autoformer: A transformer that separates trend and seasonal part at every layer and, instead of
 * attending to single steps, averages the series at the delays at which it resembles itself.
 * Wu, Xu, Wang, Long, "Autoformer: Decomposition Transformers with Auto-Correlation for Long-Term
 * Series Forecasting", NeurIPS 2021, https://arxiv.org/abs/2106.13008
 */
export function autoformer(options: AutoformerOptions = {}): ModelDescription {
  return describe('Autoformer', options);
}

/** MAE: Mean absolute error. WM(|y - ŷ|) */
export function mae(options: MaeOptions = {}): LossDescription {
  return describe('MAE', options);
}

/** MSE: Mean squared error. WM((y - ŷ)²) */
export function mse(options: MseOptions = {}): LossDescription {
  return describe('MSE', options);
}

/** RMSE: Root of the mean squared error. √WM((y - ŷ)²) */
export function rmse(options: RmseOptions = {}): LossDescription {
  return describe('RMSE', options);
}

/**
 * MAPE: Mean absolute error relative to the actual value; entries with y = 0 count 0. WM(|y - ŷ| /
 * |y|)
 */
export function mape(options: MapeOptions = {}): LossDescription {
  return describe('MAPE', options);
}

/** SMAPE: Symmetric mean absolute percentage error, between 0 and 2. 2·WM(|y - ŷ| / (|y| + |ŷ|)) */
export function smape(options: SmapeOptions = {}): LossDescription {
  return describe('SMAPE', options);
}

/**
 * MASE: Mean absolute error relative to the seasonal naive's inside the input (Hyndman and Koehler,
 * 2006). WM(|y - ŷ| / mean|y[t] - y[t-m]|)
 */
export function mase(options: MaseOptions): LossDescription {
  return describe('MASE', options);
}

/**
 * HuberLoss: Squared for small errors, absolute for large ones (Huber, 1964). WM(½e² if |e| ≤ δ,
 * else δ·(|e| - ½δ))
 */
export function huberLoss(options: HuberLossOptions = {}): LossDescription {
  return describe('HuberLoss', options);
}

/**
 * TukeyLoss: Tukey's biweight (Beaton and Tukey, 1974): an error beyond the threshold counts as an
 * outlier, which teaches nothing. c²/6·WM(1 - (1 - (d/c)²)³ if d ≤ c, else 1), d = |y - ŷ| /
 * deviation of the input
 */
export function tukeyLoss(options: TukeyLossOptions = {}): LossDescription {
  return describe('TukeyLoss', options);
}

/**
 * FreDF: Squared errors in time and absolute errors in frequency (Wang et al., ICLR 2025), which
 * does not treat the steps of a horizon as independent. (1 - α)·WM((y - ŷ)²) + α·mean|rfft(y) -
 * rfft(ŷ)|
 */
export function fredf(options: FredfOptions = {}): LossDescription {
  return describe('FreDF', options);
}

/** QuantileLoss: Pinball loss of one quantile. WM(max(q·(y - ŷ), (q - 1)·(y - ŷ))) */
export function quantileLoss(options: QuantileLossOptions): LossDescription {
  return describe('QuantileLoss', options);
}

/**
 * HuberQLoss: Pinball loss of one quantile, rounded near 0 so that outliers weigh no more than
 * large errors. WM(q·hub((y - ŷ)₊) + (1 - q)·hub((ŷ - y)₊)), hub as in HuberLoss
 */
export function huberQLoss(options: HuberQLossOptions): LossDescription {
  return describe('HuberQLoss', options);
}

/**
 * MQLoss: Pinball loss of several quantiles at once: a median and prediction intervals from one
 * network. mean over q of WM(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)))
 */
export function mqLoss(options: MqLossOptions = {}): LossDescription {
  return describe('MQLoss', options);
}

/**
 * HuberMQLoss: Huber's function of the pinball loss of several quantiles at once. mean over q of
 * WM(hub(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)))), hub as in HuberLoss
 */
export function huberMqLoss(options: HuberMqLossOptions = {}): LossDescription {
  return describe('HuberMQLoss', options);
}

/**
 * sCRPS: Scaled continuous ranked probability score over some quantiles (Rangapuram et al., 2021):
 * validates, does not train. 2·mean over q of Σw·max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)) / Σw·|y|
 */
export function scrps(options: ScrpsOptions = {}): LossDescription {
  return describe('sCRPS', options);
}

/**
 * IQLoss: Implicit quantiles (Dabney et al., 2018): one network that learns every quantile at once,
 * each step of training another one. WM(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q))), q drawn for each step
 */
export function iqLoss(options: IqLossOptions = {}): LossDescription {
  return describe('IQLoss', options);
}

/**
 * HuberIQLoss: Implicit quantiles with Huber's function of the pinball loss. WM(q·hub((y - ŷ_q)₊) +
 * (1 - q)·hub((ŷ_q - y)₊)), q drawn for each step
 */
export function huberIqLoss(options: HuberIqLossOptions = {}): LossDescription {
  return describe('HuberIQLoss', options);
}

/**
 * DistributionLoss: A distribution per step: its mean, any quantile and its parameters from one
 * network (Salinas et al., 2020). WM(-log p(y | parameters))
 */
export function distributionLoss(options: DistributionLossOptions): LossDescription {
  return describe('DistributionLoss', options);
}

/**
 * GMM: A mixture of normal distributions per step (Olivares et al., 2021). WM(-log Σ_k π_k·N(y |
 * μ_k, σ_k))
 */
export function gmm(options: GmmOptions = {}): LossDescription {
  return describe('GMM', options);
}

/**
 * PMM: A mixture of Poisson distributions per step, for counts (Olivares et al., 2021). WM(-log Σ_k
 * π_k·Poisson(y | λ_k))
 */
export function pmm(options: PmmOptions = {}): LossDescription {
  return describe('PMM', options);
}

/**
 * NBMM: A mixture of negative binomial distributions per step, for counts. WM(-log Σ_k
 * π_k·NegativeBinomial(y | m_k, α_k))
 */
export function nbmm(options: NbmmOptions = {}): LossDescription {
  return describe('NBMM', options);
}
