// The suites by name, in the order in which `all` runs them. Each exports `targets` (of CMake, to be built before), `run`
// and `columns` (of its table, besides those that all tables have).

import * as attention from './attention.mjs';
import * as e2e from './e2e.mjs';
import * as gemm from './gemm.mjs';
import * as headline from './headline.mjs';
import * as train from './train.mjs';

export const SUITES = { gemm, train, attention, e2e, headline };
