/** The registry for programs: which models, losses and options this version has. */

/** One option of a model, a loss or the training. */
export interface RegistryOption {
  readonly name: string;
  readonly type:
    | 'integer'
    | 'number'
    | 'boolean'
    | 'choice'
    | 'integerList'
    | 'numberList'
    | 'choiceList'
    | 'integerMatrix'
    | 'object';
  readonly required: boolean;
  readonly default: unknown;
  /** One sentence with the unit. */
  readonly doc: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly choices: readonly string[];
  readonly nullable: boolean;
}

export interface RegistryModel {
  readonly name: string;
  readonly type: string;
  readonly family: string;
  readonly paper: string;
  readonly summary: string;
  readonly capabilities: Readonly<Record<string, boolean>>;
  readonly params: readonly RegistryOption[];
  /** Training defaults that this model changes. */
  readonly trainDefaults: Readonly<Record<string, unknown>>;
}

export interface RegistryLoss {
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  readonly formula: string;
  readonly params: readonly RegistryOption[];
}

/** What this version offers; the command line makes its flags and its help of it. */
export interface Registry {
  readonly models: readonly RegistryModel[];
  readonly losses: readonly RegistryLoss[];
  /** Options of a fit, shared by all models. */
  readonly training: readonly RegistryOption[];
  /** Options that every model has besides. */
  readonly common: readonly RegistryOption[];
  readonly windowScalers: readonly string[];
  readonly seriesScalers: readonly string[];
  readonly optimizers: readonly string[];
}

/** Every model, loss and option with type, default, range and meaning. */
export declare function registry(): Registry;
