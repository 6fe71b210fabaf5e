/** The registry for programs: which models, losses and options this version has. */

/** One option of a model, a loss or the training. */
export interface RegistryOption {
  /** Name of the option: 'hiddenSize'. */
  readonly name: string;
  /** What kind of value it takes. */
  readonly type:
    | 'integer'
    | 'number'
    | 'boolean'
    | 'choice'
    | 'integerList'
    | 'numberList'
    | 'choiceList'
    | 'integerMatrix'
    | 'integerOrChoice'
    | 'integerMap'
    | 'object';
  /** Whether it has no default. */
  readonly required: boolean;
  /** Its value when it is not given. */
  readonly default: unknown;
  /** One sentence with the unit. */
  readonly doc: string;
  /** Smallest value; null where there is none. */
  readonly min: number | null;
  /** Largest value; null where there is none. */
  readonly max: number | null;
  /** The possible values of a choice; otherwise empty. */
  readonly choices: readonly string[];
  /** Whether null is a value. */
  readonly nullable: boolean;
}

/** One model of this version. */
export interface RegistryModel {
  /** Name of the model: 'NHITS'; in lower case that of its factory. */
  readonly name: string;
  /** The `type` of its description. */
  readonly type: string;
  /** Family of architectures. */
  readonly family: string;
  /** Where it was published. */
  readonly paper: string;
  /** One sentence. */
  readonly summary: string;
  /** What the network can read or do. */
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** Options of its own. */
  readonly params: readonly RegistryOption[];
  /** Training defaults that this model changes. */
  readonly trainDefaults: Readonly<Record<string, unknown>>;
}

/** One loss of this version. */
export interface RegistryLoss {
  /** Name of the loss: 'MQLoss'. */
  readonly name: string;
  /** The `type` of its description. */
  readonly type: string;
  /** One sentence. */
  readonly summary: string;
  /** What it computes. */
  readonly formula: string;
  /** Its options. */
  readonly params: readonly RegistryOption[];
}

/** What this version offers; the command line makes its flags and its help of it. */
export interface Registry {
  /** Models, in the order of the documentation. */
  readonly models: readonly RegistryModel[];
  /** Losses, in the order of the documentation. */
  readonly losses: readonly RegistryLoss[];
  /** Options of a fit, shared by all models. */
  readonly training: readonly RegistryOption[];
  /** Options that every model has besides. */
  readonly common: readonly RegistryOption[];
  /** Values of the training option `scalerType`. */
  readonly windowScalers: readonly string[];
  /** Values of `localScaler`. */
  readonly seriesScalers: readonly string[];
  /** Values of the training option `optimizer`. */
  readonly optimizers: readonly string[];
}

/** Every model, loss and option with type, default, range and meaning. */
export declare function registry(): Registry;
