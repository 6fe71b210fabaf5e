/**
 * Models, losses and their options. Written by scripts/generate.mjs from the model registry. Do not edit.
 */

/** A model to be fitted: plain, frozen data, made by a factory such as `nhits()`. */
export interface ModelDescription {
  /** Its name in the registry. */
  readonly type: string;
  /** The options that were given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A loss: plain, frozen data, made by a factory such as `mqLoss()`. */
export interface LossDescription {
  /** Its name in the registry. */
  readonly type: string;
  /** The options that were given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Options of training, the same for all models. */
export interface TrainingOptions {
  /**
   * Number of gradient steps. An integer in [0, 2147483647].
   * @default 1000
   */
  readonly maxSteps?: number;
  /**
   * Number of passes over all training windows, instead of maxSteps; one pass is ⌈windows /
   * windowsBatchSize⌉ steps, with compat ⌈series / batchSize⌉. An integer in [1, 2147483647], or
   * null.
   * @default null
   */
  readonly maxEpochs?: number | null;
  /**
   * Learning rate: at the first step, or the highest where warmupSteps or lrSchedule let it rise. A
   * number in [0, 1000].
   * @default 0.001
   */
  readonly learningRate?: number;
  /**
   * How often lrSchedule "step" lowers the learning rate, evenly spread over the steps; -1 means
   * never. An integer in [-1, 2147483647].
   * @default -1
   */
  readonly numLrDecays?: number;
  /**
   * How the learning rate changes after warmupSteps: "step" lowers it numLrDecays times,
   * "multiStep" at lrMilestones, "exponential" at every step, each by lrFactor; "polynomial" to 0
   * by lrPower; "cosine" to minLearningRate along half a cosine, "cosineRestarts" again and again;
   * "cyclic" between minLearningRate and learningRate; "oneCycle" raises it from a 25th during the
   * first 30 % of the steps and lowers it to almost 0; "plateau" lowers it when validation no
   * longer improves. One of 'step', 'multiStep', 'exponential', 'polynomial', 'cosine',
   * 'cosineRestarts', 'cyclic', 'oneCycle', 'plateau'.
   * @default 'step'
   */
  readonly lrSchedule?: 'step' | 'multiStep' | 'exponential' | 'polynomial' | 'cosine' | 'cosineRestarts' | 'cyclic' | 'oneCycle' | 'plateau';
  /**
   * Lowest rate of lrSchedule "cosine", "cosineRestarts", "cyclic" and "plateau". A number in [0,
   * 1000].
   * @default 0
   */
  readonly minLearningRate?: number;
  /**
   * By what "step", "multiStep", "exponential" and "plateau" multiply the learning rate; null means
   * 0.5, 0.1, what leaves a hundredth after all steps, and 0.1. A number in (0, 1], or null.
   * @default null
   */
  readonly lrFactor?: number | null;
  /**
   * Steps after the warm-up at which "multiStep" lowers the learning rate, ascending. A list of
   * integers, each in [1, 2147483647], or null.
   * @default null
   */
  readonly lrMilestones?: readonly number[] | null;
  /**
   * Steps of the first descent of "cosineRestarts", or of each rise of "cyclic"; null means a
   * quarter of all, or a tenth. An integer in [1, 2147483647], or null.
   * @default null
   */
  readonly lrPeriod?: number | null;
  /**
   * How much longer each descent of "cosineRestarts" is than the one before. An integer in [1,
   * 1000].
   * @default 1
   */
  readonly lrPeriodFactor?: number;
  /**
   * Exponent of "polynomial"; 1 is a straight line. A number in (0, 100].
   * @default 1
   */
  readonly lrPower?: number;
  /**
   * Validations without improvement that "plateau" waits through. Needs valSize. An integer in [0,
   * 2147483647].
   * @default 10
   */
  readonly lrPatience?: number;
  /**
   * Steps during which the learning rate rises in a straight line, before lrSchedule begins. An
   * integer in [0, 2147483647].
   * @default 0
   */
  readonly warmupSteps?: number;
  /**
   * Share of the learning rate with which warmupSteps begin. A number in (0, 1].
   * @default 0.1
   */
  readonly warmupFactor?: number;
  /**
   * Validations without improvement after which training stops and the best weights return; -1
   * means never. Needs valSize. An integer in [-1, 2147483647].
   * @default -1
   */
  readonly earlyStopPatienceSteps?: number;
  /**
   * Steps between two validations. An integer in [1, 2147483647].
   * @default 100
   */
  readonly valCheckSteps?: number;
  /**
   * Number of series per step, of whose windows the step's windows are drawn. An integer in [1,
   * 2147483647].
   * @default 32
   */
  readonly batchSize?: number;
  /**
   * Accepted for compatibility, without effect on results: validation and prediction batches are
   * made of windows (inferenceWindowsBatchSize), not of series. An integer in [1, 2147483647], or
   * null.
   * @default null
   */
  readonly validBatchSize?: number | null;
  /**
   * Number of windows per step; null means all windows of the step's series. An integer in [1,
   * 16777216], or null.
   * @default 1024
   */
  readonly windowsBatchSize?: number | null;
  /**
   * Number of batches whose gradients make one step: the descent of one batch with the windows of
   * all of them, in the memory of one. An integer in [1, 65536].
   * @default 1
   */
  readonly accumulateSteps?: number;
  /**
   * Number of windows per validation and prediction batch; -1 means all. An integer in [-1,
   * 16777216].
   * @default 1024
   */
  readonly inferenceWindowsBatchSize?: number;
  /**
   * Whether series are padded with inputSize - 1 unobserved steps at their start, so that short
   * ones have windows. True or false.
   * @default false
   */
  readonly startPaddingEnabled?: boolean;
  /**
   * Fraction of observed steps that a training window needs: one number, or [input, horizon]. A
   * list of numbers, each in [0, 1], or one such element.
   * @default [0]
   */
  readonly trainingDataAvailabilityThreshold?: number | readonly number[];
  /**
   * Steps between the starts of two windows. An integer in [1, 2147483647].
   * @default 1
   */
  readonly stepSize?: number;
  /**
   * Scaling of each window by its own input part. One of 'identity', 'standard', 'robust',
   * 'minmax', 'minmax1', 'invariant', 'revin'.
   * @default 'identity'
   */
  readonly scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin';
  /**
   * Seed of initial weights, drawn windows and dropout. An integer in [0, 9007199254740991].
   * @default 1
   */
  readonly randomSeed?: number;
  /**
   * Whether a last batch with fewer than batchSize series is left out. True or false.
   * @default false
   */
  readonly dropLastLoader?: boolean;
  /**
   * Whether the network sees zeros instead of the target's past, for models driven by exogenous
   * columns. True or false.
   * @default false
   */
  readonly excludeInsampleY?: boolean;
  /**
   * Rule that turns gradients into steps. One of 'adam', 'adamw', 'radam', 'nadam', 'sgd',
   * 'rmsprop', 'adagrad', 'adadelta'.
   * @default 'adam'
   */
  readonly optimizer?: 'adam' | 'adamw' | 'radam' | 'nadam' | 'sgd' | 'rmsprop' | 'adagrad' | 'adadelta';
  /**
   * Decay of the gradient's running mean (adam, adamw, radam, nadam). A number in [0, 1).
   * @default 0.9
   */
  readonly beta1?: number;
  /**
   * Decay of the squared gradient's running mean (adam, adamw, radam, nadam). A number in [0, 1).
   * @default 0.999
   */
  readonly beta2?: number;
  /**
   * Added to what steps are divided by (all but sgd); null means 1e-8, 1e-10 for adagrad and 1e-6
   * for adadelta, as in torch. A number in [0, 1], or null.
   * @default null
   */
  readonly epsilon?: number | null;
  /**
   * L2 penalty, decoupled in adamw; null means 0.01 for adamw and 0 otherwise, as in torch. A
   * number in [0, 1000], or null.
   * @default null
   */
  readonly weightDecay?: number | null;
  /**
   * Share of the last step that the next one keeps (sgd, rmsprop). A number in [0, 1).
   * @default 0
   */
  readonly momentum?: number;
  /**
   * Share of the gradient that momentum leaves out (sgd). A number in [0, 1].
   * @default 0
   */
  readonly dampening?: number;
  /**
   * Decay of the squared gradient's running mean (rmsprop). A number in [0, 1).
   * @default 0.99
   */
  readonly alpha?: number;
  /**
   * Decay of the running means of squares (adadelta, whose learningRate is 1 in torch). A number in
   * [0, 1).
   * @default 0.9
   */
  readonly rho?: number;
  /**
   * How fast momentum grows to beta1 (nadam). A number in [0, 1].
   * @default 0.004
   */
  readonly momentumDecay?: number;
  /**
   * Whether steps are divided by the gradient's deviation instead of its root mean square
   * (rmsprop). True or false.
   * @default false
   */
  readonly centered?: boolean;
  /**
   * Whether momentum looks ahead (sgd; needs momentum above 0 and dampening 0). True or false.
   * @default false
   */
  readonly nesterov?: boolean;
  /**
   * Whether the squared mean is the largest so far (adam, adamw). True or false.
   * @default false
   */
  readonly amsgrad?: boolean;
  /**
   * Largest Euclidean norm of the gradient; null means no limit. A number greater than 0, or null.
   * @default null
   */
  readonly gradientClipNorm?: number | null;
  /**
   * Largest absolute value of each element of the gradient; null means no limit. Not together with
   * gradientClipNorm. A number greater than 0, or null.
   * @default null
   */
  readonly gradientClipValue?: number | null;
  /**
   * Whether each row of the weights of dense, convolutional and recurrent layers is learned as a
   * length and a direction, w = g·v/|v| (Salimans and Kingma, 2016); the fitted model has w. True
   * or false.
   * @default false
   */
  readonly weightNorm?: boolean;
  /**
   * Whether values inside the network are computed again for the gradient instead of kept: the same
   * result from less memory and about a quarter more time; a table is in docs/concepts.md. True or
   * false.
   * @default false
   */
  readonly gradientCheckpointing?: boolean;
  /**
   * Precision in which training multiplies matrices: "bf16" rounds their elements to bfloat16 and
   * sums in single precision; weights, optimiser and everything else, validation and prediction
   * included, stay in single precision. Several times faster on processors with AMX
   * (runtimeInfo().bf16), without gain on others. One of 'f32', 'bf16'.
   * @default 'f32'
   */
  readonly precision?: 'f32' | 'bf16';
}

/** Options that every model has, besides its own. */
export interface ModelOptions extends TrainingOptions {
  /**
   * Number of steps to forecast. An integer in [1, 1000000].
   * @default null
   */
  readonly horizon?: number;
  /**
   * Number of past steps that the network reads; below 1 means three horizons. An integer in [-1,
   * 1000000].
   * @default -1
   */
  readonly inputSize?: number;
  /**
   * Name of the model in the columns of a forecast; null means the model's type. A string, or null.
   * @default null
   */
  readonly alias?: string | null;
  /**
   * Loss that training minimises; null means MAE. A loss, or null.
   * @default null
   */
  readonly loss?: LossDescription | null;
  /**
   * Loss that validation reports and early stopping watches; null means the training loss. A loss,
   * or null.
   * @default null
   */
  readonly validLoss?: LossDescription | null;
  /**
   * Columns that are known in advance, such as holidays and prices. A list of strings.
   * @default []
   */
  readonly futrExog?: readonly string[];
  /**
   * Columns that are known up to the forecast only, such as the weather. A list of strings.
   * @default []
   */
  readonly histExog?: readonly string[];
  /**
   * Columns of the option statics, one value per series. A list of strings.
   * @default []
   */
  readonly statExog?: readonly string[];
  /**
   * Those of the columns above that are categories: each value gets a learned vector. A list of
   * strings.
   * @default []
   */
  readonly catExog?: readonly string[];
  /**
   * Number of values of categorical columns; null means those that the fit finds. An object of
   * integers, each in [1, 1000000], or null.
   * @default null
   */
  readonly catCardinalities?: Readonly<Record<string, number>> | null;
  /**
   * Length of the vectors: a number, or by a rule for K values: fastai ⌈1.6·K^0.56⌉, sqrt ⌈√K⌉,
   * half (K + 1) / 2, at most 50. 'fastai', 'sqrt', 'half' or an integer in [1, 4096].
   * @default 'fastai'
   */
  readonly catEmbDim?: number | 'fastai' | 'sqrt' | 'half';
}

/** Options of `mlp()`: the network's own; those of training come with them. */
export interface MlpOptions extends ModelOptions {
  /**
   * Number of hidden layers. An integer in [1, 1000].
   * @default 2
   */
  readonly numLayers?: number;
  /**
   * Units of each hidden layer. An integer in [1, 1048576].
   * @default 1024
   */
  readonly hiddenSize?: number;
  /**
   * Number of windows per validation and prediction batch; -1 means all. An integer in [-1,
   * 16777216].
   * @default -1
   */
  readonly inferenceWindowsBatchSize?: number;
}

/**
 * MLP: Dense layers with ReLU over the flattened history and exogenous inputs; a fast, strong
 * baseline.
 * Rosenblatt, "Principles of Neurodynamics", 1961; Rumelhart, Hinton, Williams, "Learning
 * representations by back-propagating errors", Nature 323, 1986, https://doi.org/10.1038/323533a0
 */
export declare function mlp(options?: MlpOptions): ModelDescription;

/** Options of `dlinear()`: the network's own; those of training come with them. */
export interface DlinearOptions extends ModelOptions {
  /**
   * Length of the centred moving average in steps, an odd number. An integer in [1, 1000001].
   * @default 25
   */
  readonly movingAvgWindow?: number;
  /**
   * Number of gradient steps. An integer in [0, 2147483647].
   * @default 5000
   */
  readonly maxSteps?: number;
  /**
   * Learning rate: at the first step, or the highest where warmupSteps or lrSchedule let it rise. A
   * number in [0, 1000].
   * @default 0.0001
   */
  readonly learningRate?: number;
}

/**
 * DLinear: A moving average splits the history into trend and remainder; one linear map forecasts
 * from each.
 * Zeng, Chen, Zhang, Xu, "Are Transformers Effective for Time Series Forecasting?", AAAI 2023,
 * https://arxiv.org/abs/2205.13504
 */
export declare function dlinear(options?: DlinearOptions): ModelDescription;

/** Options of `nlinear()`: the network's own; those of training come with them. */
export interface NlinearOptions extends ModelOptions {
  /**
   * Number of gradient steps. An integer in [0, 2147483647].
   * @default 5000
   */
  readonly maxSteps?: number;
  /**
   * Learning rate: at the first step, or the highest where warmupSteps or lrSchedule let it rise. A
   * number in [0, 1000].
   * @default 0.0001
   */
  readonly learningRate?: number;
}

/**
 * NLinear: One linear map from the history minus its last value to the forecast minus that value.
 * Zeng, Chen, Zhang, Xu, "Are Transformers Effective for Time Series Forecasting?", AAAI 2023,
 * https://arxiv.org/abs/2205.13504
 */
export declare function nlinear(options?: NlinearOptions): ModelDescription;

/** Options of `nbeats()`: the network's own; those of training come with them. */
export interface NbeatsOptions extends ModelOptions {
  /**
   * Harmonics of a seasonality stack: more give finer frequencies. An integer in [1, 1000].
   * @default 2
   */
  readonly nHarmonics?: number;
  /**
   * Deprecated name of nBasis in the reference; accepted and without effect, there and here. An
   * integer in [0, 1000], or null.
   * @default null
   */
  readonly nPolynomials?: number | null;
  /**
   * Degree of a trend stack, which has nBasis + 1 functions (spline: at least 3, linear_hat: at
   * least 1). An integer in [0, 1000].
   * @default 2
   */
  readonly nBasis?: number;
  /**
   * Functions of time of a trend stack. One of 'polynomial', 'legendre', 'chebyshev',
   * 'changepoint', 'piecewise_linear', 'linear_hat', 'spline'.
   * @default 'polynomial'
   */
  readonly basis?: 'polynomial' | 'legendre' | 'chebyshev' | 'changepoint' | 'piecewise_linear' | 'linear_hat' | 'spline';
  /**
   * Kind of each stack; trend and seasonality need a horizon of at least 2. A list of 'identity',
   * 'trend', 'seasonality'.
   * @default ['identity', 'trend', 'seasonality']
   */
  readonly stackTypes?: readonly ('identity' | 'trend' | 'seasonality')[];
  /**
   * Number of blocks of each stack. A list of integers, each in [1, 1000].
   * @default [1, 1, 1]
   */
  readonly nBlocks?: readonly number[];
  /**
   * Sizes [in, out] of the dense layers inside each block; a row starts with the size with which
   * the one before it ends. A list of lists of integers, each in [1, 1048576].
   * @default [[512, 512], [512, 512], [512, 512]]
   */
  readonly mlpUnits?: readonly (readonly number[])[];
  /**
   * Must be 0: N-BEATS has no dropout, here as in the reference, which has the option. A number in
   * [0, 1).
   * @default 0
   */
  readonly dropoutProbTheta?: number;
  /**
   * Activation after each dense layer of a block. One of 'ReLU', 'Softplus', 'Tanh', 'SELU',
   * 'LeakyReLU', 'PReLU', 'Sigmoid'.
   * @default 'ReLU'
   */
  readonly activation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid';
  /**
   * Whether all blocks of a stack use the parameters of its first. True or false.
   * @default false
   */
  readonly sharedWeights?: boolean;
  /**
   * How often lrSchedule "step" lowers the learning rate, evenly spread over the steps; -1 means
   * never. An integer in [-1, 2147483647].
   * @default 3
   */
  readonly numLrDecays?: number;
  /**
   * Number of windows per validation and prediction batch; -1 means all. An integer in [-1,
   * 16777216].
   * @default -1
   */
  readonly inferenceWindowsBatchSize?: number;
}

/**
 * NBEATS: Residual blocks of dense layers that answer freely or with trend and seasonal functions
 * of time; accurate on many short series, and its parts can be read.
 * Oreshkin, Carpov, Chapados, Bengio, "N-BEATS: Neural Basis Expansion Analysis for Interpretable
 * Time Series Forecasting", ICLR 2020, https://arxiv.org/abs/1905.10437
 */
export declare function nbeats(options?: NbeatsOptions): ModelDescription;

/** Options of `nhits()`: the network's own; those of training come with them. */
export interface NhitsOptions extends ModelOptions {
  /**
   * One "identity" per stack; its length is the number of stacks. A list of 'identity'.
   * @default ['identity', 'identity', 'identity']
   */
  readonly stackTypes?: readonly 'identity'[];
  /**
   * Number of blocks of each stack. A list of integers, each in [1, 1000].
   * @default [1, 1, 1]
   */
  readonly nBlocks?: readonly number[];
  /**
   * Sizes [in, out] of the dense layers inside each block; a row starts with the size with which
   * the one before it ends. A list of lists of integers, each in [1, 1048576].
   * @default [[512, 512], [512, 512], [512, 512]]
   */
  readonly mlpUnits?: readonly (readonly number[])[];
  /**
   * Steps that each stack pools into one before its blocks read them. A list of integers, each in
   * [1, 1000000].
   * @default [2, 2, 1]
   */
  readonly nPoolKernelSize?: readonly number[];
  /**
   * Horizon steps per knot of each stack: larger means smoother. A list of integers, each in [1,
   * 1000000].
   * @default [4, 2, 1]
   */
  readonly nFreqDownsample?: readonly number[];
  /**
   * How steps are pooled: their maximum or their mean. One of 'MaxPool1d', 'AvgPool1d'.
   * @default 'MaxPool1d'
   */
  readonly poolingMode?: 'MaxPool1d' | 'AvgPool1d';
  /**
   * How knots become steps; cubic needs a loss with one output, and the number after "cubic-" has
   * no effect. One of 'linear', 'nearest', 'cubic', 'cubic-*'.
   * @default 'linear'
   */
  readonly interpolationMode?: 'linear' | 'nearest' | 'cubic' | `cubic-${number}`;
  /**
   * Probability with which training zeroes an activation inside a block. A number in [0, 1).
   * @default 0
   */
  readonly dropoutProbTheta?: number;
  /**
   * Activation after each dense layer of a block. One of 'ReLU', 'Softplus', 'Tanh', 'SELU',
   * 'LeakyReLU', 'PReLU', 'Sigmoid'.
   * @default 'ReLU'
   */
  readonly activation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid';
  /**
   * How often lrSchedule "step" lowers the learning rate, evenly spread over the steps; -1 means
   * never. An integer in [-1, 2147483647].
   * @default 3
   */
  readonly numLrDecays?: number;
  /**
   * Number of windows per validation and prediction batch; -1 means all. An integer in [-1,
   * 16777216].
   * @default -1
   */
  readonly inferenceWindowsBatchSize?: number;
}

/**
 * NHITS: Residual blocks at several rates: pooled history in, a few knots out, interpolated to the
 * horizon; strong and cheap for long horizons.
 * Challu, Olivares, Oreshkin, Garza, Mergenthaler-Canseco, Dubrawski, "N-HiTS: Neural Hierarchical
 * Interpolation for Time Series Forecasting", AAAI 2023, https://arxiv.org/abs/2201.12886
 */
export declare function nhits(options?: NhitsOptions): ModelDescription;

/** Options of `lstm()`: the network's own; those of training come with them. */
export interface LstmOptions extends ModelOptions {
  /**
   * Recurrent: number of past steps that are read to forecast; null means inputSize. An integer in
   * [-1, 1000000], or null.
   * @default null
   */
  readonly inferenceInputSize?: number | null;
  /**
   * Recurrent: number of last steps of a training window whose forecasts count in the loss. An
   * integer in [1, 1000000].
   * @default 1
   */
  readonly hTrain?: number;
  /**
   * Number of LSTM layers. An integer in [1, 1000].
   * @default 2
   */
  readonly encoderNLayers?: number;
  /**
   * Units of each LSTM layer. An integer in [1, 65536].
   * @default 128
   */
  readonly encoderHiddenSize?: number;
  /**
   * Whether the gates have biases. True or false.
   * @default true
   */
  readonly encoderBias?: boolean;
  /**
   * Dropout probability of the outputs of every LSTM layer but the last. A number in [0, 1).
   * @default 0
   */
  readonly encoderDropout?: number;
  /**
   * Accepted for the reference's configurations; has no effect. An integer, or null.
   * @default null
   */
  readonly contextSize?: number | null;
  /**
   * Units of each hidden layer of the decoder. An integer in [1, 65536].
   * @default 128
   */
  readonly decoderHiddenSize?: number;
  /**
   * Dense layers of the decoder, the output layer included. An integer in [1, 1000].
   * @default 2
   */
  readonly decoderLayers?: number;
  /**
   * Activation of the decoder's hidden layers; null means ReLU. One of 'ReLU', 'Softplus', 'Tanh',
   * 'SELU', 'LeakyReLU', 'PReLU', 'Sigmoid', 'ELU', 'SiLU', 'Mish', 'GELU', 'Softsign',
   * 'Hardshrink', 'Softshrink', 'CELU', 'LogSigmoid', 'Hardtanh', 'Hardswish', 'Identity', or null.
   * @default null
   */
  readonly decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'ELU' | 'SiLU' | 'Mish' | 'GELU' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null;
  /**
   * Whether forecasts are made one step at a time, each read as the next input; there is no decoder
   * then. True or false.
   * @default false
   */
  readonly recurrent?: boolean;
  /**
   * Number of windows per step; null means all windows of the step's series. An integer in [1,
   * 16777216], or null.
   * @default 128
   */
  readonly windowsBatchSize?: number | null;
  /**
   * Scaling of each window by its own input part. One of 'identity', 'standard', 'robust',
   * 'minmax', 'minmax1', 'invariant', 'revin'.
   * @default 'robust'
   */
  readonly scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin';
}

/**
 * LSTM: Long short-term memory over the history and a dense decoder for the whole horizon at once,
 * or one step at a time, each forecast read back.
 * Hochreiter, Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997,
 * https://doi.org/10.1162/neco.1997.9.8.1735; Sak, Senior, Beaufays, "Long Short-Term Memory
 * Recurrent Neural Network Architectures for Large Scale Acoustic Modeling", INTERSPEECH 2014
 */
export declare function lstm(options?: LstmOptions): ModelDescription;

/** Options of `patchtst()`: the network's own; those of training come with them. */
export interface PatchtstOptions extends ModelOptions {
  /**
   * Number of encoder layers. An integer in [1, 128].
   * @default 3
   */
  readonly encoderLayers?: number;
  /**
   * Attention heads; must divide hiddenSize. An integer in [1, 1000000].
   * @default 16
   */
  readonly nHeads?: number;
  /**
   * Width of embedding and encoder. An integer in [1, 1000000].
   * @default 128
   */
  readonly hiddenSize?: number;
  /**
   * Units of each layer's feed-forward block. An integer in [1, 1000000].
   * @default 256
   */
  readonly linearHiddenSize?: number;
  /**
   * Share of units dropped in training: embedding, attention output, feed-forward blocks and
   * residual branches. A number in [0, 0.999].
   * @default 0.2
   */
  readonly dropout?: number;
  /**
   * Has no effect, as in the reference. A number in [0, 0.999].
   * @default 0.2
   */
  readonly fcDropout?: number;
  /**
   * Share of forecasts dropped in training. A number in [0, 0.999].
   * @default 0
   */
  readonly headDropout?: number;
  /**
   * Share of attention weights dropped in training. A number in [0, 0.999].
   * @default 0
   */
  readonly attnDropout?: number;
  /**
   * Steps per patch, at most inputSize + stride. An integer in [1, 1000000].
   * @default 16
   */
  readonly patchLen?: number;
  /**
   * Steps from patch to patch; the end is padded by as many. An integer in [1, 1000000].
   * @default 8
   */
  readonly stride?: number;
  /**
   * Normalise each window by itself and undo it at the end. True or false.
   * @default true
   */
  readonly revin?: boolean;
  /**
   * Learn scale and shift of that normalisation. True or false.
   * @default false
   */
  readonly revinAffine?: boolean;
  /**
   * Subtract the last value of the window instead of its mean. True or false.
   * @default true
   */
  readonly revinSubtractLast?: boolean;
  /**
   * Of the feed-forward blocks; gelu is the exact one. One of 'gelu', 'relu'.
   * @default 'gelu'
   */
  readonly activation?: 'gelu' | 'relu';
  /**
   * Add each layer's attention scores to those of the next layer. True or false.
   * @default true
   */
  readonly resAttention?: boolean;
  /**
   * Normalise before attention and feed-forward block instead of after; it is batch normalisation
   * either way, as in the reference. True or false.
   * @default false
   */
  readonly batchNormalization?: boolean;
  /**
   * Train the position embedding. True or false.
   * @default true
   */
  readonly learnPosEmbed?: boolean;
  /**
   * Number of gradient steps. An integer in [0, 2147483647].
   * @default 5000
   */
  readonly maxSteps?: number;
  /**
   * Learning rate: at the first step, or the highest where warmupSteps or lrSchedule let it rise. A
   * number in [0, 1000].
   * @default 0.0001
   */
  readonly learningRate?: number;
}

/**
 * PatchTST: Overlapping patches of the history are the tokens of a transformer encoder; a linear
 * head forecasts from all of them.
 * Nie, Nguyen, Sinthong, Kalagnanam, "A Time Series is Worth 64 Words: Long-term Forecasting with
 * Transformers", ICLR 2023, https://arxiv.org/abs/2211.14730
 */
export declare function patchtst(options?: PatchtstOptions): ModelDescription;

/** Options of `tsmixer()`: the network's own; those of training come with them. */
export interface TsmixerOptions extends ModelOptions {
  /**
   * Number of series that the model forecasts together: the panel must have exactly so many. An
   * integer in [1, 100000].
   */
  readonly nSeries: number;
  /**
   * Number of mixing layers. An integer in [0, 1000].
   * @default 2
   */
  readonly nBlock?: number;
  /**
   * Units of the hidden layer that mixes the series. An integer in [1, 1000000].
   * @default 64
   */
  readonly ffDim?: number;
  /**
   * Probability with which an output of a mixing layer is dropped in training. A number in [0, 1).
   * @default 0.9
   */
  readonly dropout?: number;
  /**
   * Normalises each window and series by its own mean and deviation, with a learned scale, and
   * brings the forecast back. True or false.
   * @default true
   */
  readonly revin?: boolean;
  /**
   * Number of windows per step; null means all windows of the step's series. An integer in [1,
   * 16777216], or null.
   * @default 32
   */
  readonly windowsBatchSize?: number | null;
  /**
   * Number of windows per validation and prediction batch; -1 means all. An integer in [-1,
   * 16777216].
   * @default 32
   */
  readonly inferenceWindowsBatchSize?: number;
}

/**
 * TSMixer: Forecasts several series together: layers that mix the steps of each series alternate
 * with layers that mix the series at each step.
 * Chen, Li, Yoder, Arik, Pfister, "TSMixer: An All-MLP Architecture for Time Series Forecasting",
 * TMLR 2023, https://arxiv.org/abs/2303.06053
 */
export declare function tsmixer(options: TsmixerOptions): ModelDescription;

/** Options of `autoformer()`: the network's own; those of training come with them. */
export interface AutoformerOptions extends ModelOptions {
  /**
   * Share of the input, rounded up to steps, that the decoder sees again. A number in (0, 1).
   * @default 0.5
   */
  readonly decoderInputSizeMultiplier?: number;
  /**
   * Width of embeddings, encoder and decoder. An integer in [1, 1000000].
   * @default 128
   */
  readonly hiddenSize?: number;
  /**
   * Share of units dropped in training: embeddings, attention outputs and feed-forward blocks. A
   * number in [0, 1).
   * @default 0.05
   */
  readonly dropout?: number;
  /**
   * A series of T steps is averaged at floor(factor*ln T) of its delays. An integer in [1, 1000].
   * @default 3
   */
  readonly factor?: number;
  /**
   * Attention heads, at most hiddenSize. They share their delays, so their number matters only
   * where it does not divide hiddenSize and units are left over. An integer in [1, 1000000].
   * @default 4
   */
  readonly nHead?: number;
  /**
   * Units of each layer's feed-forward block. An integer in [1, 1000000].
   * @default 32
   */
  readonly convHiddenSize?: number;
  /**
   * Of the feed-forward blocks; gelu is the exact one. One of 'gelu', 'relu'.
   * @default 'gelu'
   */
  readonly activation?: 'gelu' | 'relu';
  /**
   * Number of encoder layers. An integer in [1, 128].
   * @default 2
   */
  readonly encoderLayers?: number;
  /**
   * Number of decoder layers. An integer in [1, 128].
   * @default 1
   */
  readonly decoderLayers?: number;
  /**
   * Length of the centred moving average in steps, an odd number. An integer in [1, 1000001].
   * @default 25
   */
  readonly movingAvgWindow?: number;
  /**
   * Number of gradient steps. An integer in [0, 2147483647].
   * @default 5000
   */
  readonly maxSteps?: number;
  /**
   * Learning rate: at the first step, or the highest where warmupSteps or lrSchedule let it rise. A
   * number in [0, 1000].
   * @default 0.0001
   */
  readonly learningRate?: number;
}

/**
 * Autoformer: A transformer that separates trend and seasonal part at every layer and, instead of
 * attending to single steps, averages the series at the delays at which it resembles itself.
 * Wu, Xu, Wang, Long, "Autoformer: Decomposition Transformers with Auto-Correlation for Long-Term
 * Series Forecasting", NeurIPS 2021, https://arxiv.org/abs/2106.13008
 */
export declare function autoformer(options?: AutoformerOptions): ModelDescription;

/** Options of `mae()`. */
export interface MaeOptions {
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/** MAE: Mean absolute error. WM(|y - ŷ|) */
export declare function mae(options?: MaeOptions): LossDescription;

/** Options of `mse()`. */
export interface MseOptions {
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/** MSE: Mean squared error. WM((y - ŷ)²) */
export declare function mse(options?: MseOptions): LossDescription;

/** Options of `rmse()`. */
export interface RmseOptions {
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/** RMSE: Root of the mean squared error. √WM((y - ŷ)²) */
export declare function rmse(options?: RmseOptions): LossDescription;

/** Options of `mape()`. */
export interface MapeOptions {
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * MAPE: Mean absolute error relative to the actual value; entries with y = 0 count 0. WM(|y - ŷ| /
 * |y|)
 */
export declare function mape(options?: MapeOptions): LossDescription;

/** Options of `smape()`. */
export interface SmapeOptions {
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/** SMAPE: Symmetric mean absolute percentage error, between 0 and 2. 2·WM(|y - ŷ| / (|y| + |ŷ|)) */
export declare function smape(options?: SmapeOptions): LossDescription;

/** Options of `mase()`. */
export interface MaseOptions {
  /**
   * Steps in a season: 24 for hours, 7 for days, 12 for months, 4 for quarters, 1 without a season.
   * An integer in [1, 1000000].
   */
  readonly seasonality: number;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * MASE: Mean absolute error relative to the seasonal naive's inside the input (Hyndman and Koehler,
 * 2006). WM(|y - ŷ| / mean|y[t] - y[t-m]|)
 */
export declare function mase(options: MaseOptions): LossDescription;

/** Options of `huberLoss()`. */
export interface HuberLossOptions {
  /**
   * Error at which the loss becomes linear, in units of the (scaled) target. A number greater than
   * 0.
   * @default 1
   */
  readonly delta?: number;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * HuberLoss: Squared for small errors, absolute for large ones (Huber, 1964). WM(½e² if |e| ≤ δ,
 * else δ·(|e| - ½δ))
 */
export declare function huberLoss(options?: HuberLossOptions): LossDescription;

/** Options of `tukeyLoss()`. */
export interface TukeyLossOptions {
  /**
   * Threshold, in standard deviations of the input. A number greater than 0.
   * @default 4.685
   */
  readonly c?: number;
  /**
   * Divide errors by the standard deviation of the window's input (+ 0.01). True or false.
   * @default true
   */
  readonly normalize?: boolean;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * TukeyLoss: Tukey's biweight (Beaton and Tukey, 1974): an error beyond the threshold counts as an
 * outlier, which teaches nothing. c²/6·WM(1 - (1 - (d/c)²)³ if d ≤ c, else 1), d = |y - ŷ| /
 * deviation of the input
 */
export declare function tukeyLoss(options?: TukeyLossOptions): LossDescription;

/** Options of `fredf()`. */
export interface FredfOptions {
  /**
   * Weight of the errors in frequency. A number in [0, 1].
   * @default 0.5
   */
  readonly alpha?: number;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * FreDF: Squared errors in time and absolute errors in frequency (Wang et al., ICLR 2025), which
 * does not treat the steps of a horizon as independent. (1 - α)·WM((y - ŷ)²) + α·mean|rfft(y) -
 * rfft(ŷ)|
 */
export declare function fredf(options?: FredfOptions): LossDescription;

/** Options of `quantileLoss()`. */
export interface QuantileLossOptions {
  /** The quantile to forecast. A number in (0, 1). */
  readonly q: number;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/** QuantileLoss: Pinball loss of one quantile. WM(max(q·(y - ŷ), (q - 1)·(y - ŷ))) */
export declare function quantileLoss(options: QuantileLossOptions): LossDescription;

/** Options of `huberQLoss()`. */
export interface HuberQLossOptions {
  /** The quantile to forecast. A number in (0, 1). */
  readonly q: number;
  /**
   * Error at which the loss becomes linear, in units of the (scaled) target. A number greater than
   * 0.
   * @default 1
   */
  readonly delta?: number;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * HuberQLoss: Pinball loss of one quantile, rounded near 0 so that outliers weigh no more than
 * large errors. WM(q·hub((y - ŷ)₊) + (1 - q)·hub((ŷ - y)₊)), hub as in HuberLoss
 */
export declare function huberQLoss(options: HuberQLossOptions): LossDescription;

/** Options of `mqLoss()`. */
export interface MqLossOptions {
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * MQLoss: Pinball loss of several quantiles at once: a median and prediction intervals from one
 * network. mean over q of WM(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)))
 */
export declare function mqLoss(options?: MqLossOptions): LossDescription;

/** Options of `huberMqLoss()`. */
export interface HuberMqLossOptions {
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Error at which the loss becomes linear, in units of the (scaled) target. A number greater than
   * 0.
   * @default 1
   */
  readonly delta?: number;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * HuberMQLoss: Huber's function of the pinball loss of several quantiles at once. mean over q of
 * WM(hub(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)))), hub as in HuberLoss
 */
export declare function huberMqLoss(options?: HuberMqLossOptions): LossDescription;

/** Options of `scrps()`. */
export interface ScrpsOptions {
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * sCRPS: Scaled continuous ranked probability score over some quantiles (Rangapuram et al., 2021):
 * validates, does not train. 2·mean over q of Σw·max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q)) / Σw·|y|
 */
export declare function scrps(options?: ScrpsOptions): LossDescription;

/** Options of `iqLoss()`. */
export interface IqLossOptions {
  /**
   * Cosines by which a quantile is shown to the network. An integer in [1, 4096].
   * @default 64
   */
  readonly cosEmbeddingDim?: number;
  /**
   * Second parameter of the beta distribution of the quantiles that training draws; above 1 it
   * draws fewer near 1. A number in (0, 1000].
   * @default 1
   */
  readonly concentration0?: number;
  /**
   * First parameter of that distribution; above 1 it draws fewer near 0. A number in (0, 1000].
   * @default 1
   */
  readonly concentration1?: number;
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * IQLoss: Implicit quantiles (Dabney et al., 2018): one network that learns every quantile at once,
 * each step of training another one. WM(max(q·(y - ŷ_q), (q - 1)·(y - ŷ_q))), q drawn for each step
 */
export declare function iqLoss(options?: IqLossOptions): LossDescription;

/** Options of `huberIqLoss()`. */
export interface HuberIqLossOptions {
  /**
   * Cosines by which a quantile is shown to the network. An integer in [1, 4096].
   * @default 64
   */
  readonly cosEmbeddingDim?: number;
  /**
   * Second parameter of the beta distribution of the quantiles that training draws; above 1 it
   * draws fewer near 1. A number in (0, 1000].
   * @default 1
   */
  readonly concentration0?: number;
  /**
   * First parameter of that distribution; above 1 it draws fewer near 0. A number in (0, 1000].
   * @default 1
   */
  readonly concentration1?: number;
  /**
   * Error at which the loss becomes linear, in units of the (scaled) target. A number greater than
   * 0.
   * @default 1
   */
  readonly delta?: number;
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * HuberIQLoss: Implicit quantiles with Huber's function of the pinball loss. WM(q·hub((y - ŷ_q)₊) +
 * (1 - q)·hub((ŷ_q - y)₊)), q drawn for each step
 */
export declare function huberIqLoss(options?: HuberIqLossOptions): LossDescription;

/** Options of `distributionLoss()`. */
export interface DistributionLossOptions {
  /**
   * Family: Normal and StudentT for any number, Poisson and NegativeBinomial for counts, Bernoulli
   * for 0 and 1, Tweedie for amounts that may be 0, ISQF for any shape: a spline through the
   * quantiles, scored by the CRPS (Park et al., 2022). One of 'Normal', 'StudentT', 'Poisson',
   * 'NegativeBinomial', 'Bernoulli', 'Tweedie', 'ISQF'.
   */
  readonly distribution: 'Normal' | 'StudentT' | 'Poisson' | 'NegativeBinomial' | 'Bernoulli' | 'Tweedie' | 'ISQF';
  /**
   * Power of the mean that is the variance; of Tweedie, which needs it. A number in (1, 2), or
   * null.
   * @default null
   */
  readonly rho?: number | null;
  /**
   * Linear pieces between two quantiles; of ISQF. An integer in [1, 100].
   * @default 5
   */
  readonly numPieces?: number;
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Forecast the parameters of the distribution too, as columns of their own. True or false.
   * @default false
   */
  readonly returnParams?: boolean;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * DistributionLoss: A distribution per step: its mean, any quantile and its parameters from one
 * network (Salinas et al., 2020). WM(-log p(y | parameters))
 */
export declare function distributionLoss(options: DistributionLossOptions): LossDescription;

/** Options of `gmm()`. */
export interface GmmOptions {
  /**
   * Number of components. An integer in [1, 100].
   * @default 1
   */
  readonly nComponents?: number;
  /**
   * Learn the weights of the components; without, all weigh the same. True or false.
   * @default false
   */
  readonly weighted?: boolean;
  /**
   * One component holds for all windows of a batch. True or false.
   * @default false
   */
  readonly batchCorrelation?: boolean;
  /**
   * One component holds for the whole horizon of a window. True or false.
   * @default false
   */
  readonly horizonCorrelation?: boolean;
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Forecast the parameters of the distribution too, as columns of their own. True or false.
   * @default false
   */
  readonly returnParams?: boolean;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * GMM: A mixture of normal distributions per step (Olivares et al., 2021). WM(-log Σ_k π_k·N(y |
 * μ_k, σ_k))
 */
export declare function gmm(options?: GmmOptions): LossDescription;

/** Options of `pmm()`. */
export interface PmmOptions {
  /**
   * Number of components. An integer in [1, 100].
   * @default 10
   */
  readonly nComponents?: number;
  /**
   * Learn the weights of the components; without, all weigh the same. True or false.
   * @default false
   */
  readonly weighted?: boolean;
  /**
   * One component holds for all windows of a batch. True or false.
   * @default false
   */
  readonly batchCorrelation?: boolean;
  /**
   * One component holds for the whole horizon of a window. True or false.
   * @default false
   */
  readonly horizonCorrelation?: boolean;
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Forecast the parameters of the distribution too, as columns of their own. True or false.
   * @default false
   */
  readonly returnParams?: boolean;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * PMM: A mixture of Poisson distributions per step, for counts (Olivares et al., 2021). WM(-log Σ_k
 * π_k·Poisson(y | λ_k))
 */
export declare function pmm(options?: PmmOptions): LossDescription;

/** Options of `nbmm()`. */
export interface NbmmOptions {
  /**
   * Number of components. An integer in [1, 100].
   * @default 1
   */
  readonly nComponents?: number;
  /**
   * Learn the weights of the components; without, all weigh the same. True or false.
   * @default false
   */
  readonly weighted?: boolean;
  /**
   * One component holds for all windows of a batch. True or false.
   * @default false
   */
  readonly batchCorrelation?: boolean;
  /**
   * One component holds for the whole horizon of a window. True or false.
   * @default false
   */
  readonly horizonCorrelation?: boolean;
  /**
   * Coverage of each prediction interval in percent; the median comes with them. A list of numbers,
   * each in (0, 100), or one such element.
   * @default [80, 90]
   */
  readonly levels?: number | readonly number[];
  /**
   * Quantiles to forecast, instead of levels. A list of numbers, each in (0, 1), or one such
   * element, or null.
   * @default null
   */
  readonly quantiles?: number | readonly number[] | null;
  /**
   * Forecast the parameters of the distribution too, as columns of their own. True or false.
   * @default false
   */
  readonly returnParams?: boolean;
  /**
   * Weight of each step of the horizon, one number per step; null means 1 for all. A list of
   * numbers, each of at least 0, or null.
   * @default null
   */
  readonly horizonWeight?: readonly number[] | null;
}

/**
 * NBMM: A mixture of negative binomial distributions per step, for counts. WM(-log Σ_k
 * π_k·NegativeBinomial(y | m_k, α_k))
 */
export declare function nbmm(options?: NbmmOptions): LossDescription;
