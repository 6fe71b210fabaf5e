// Puts every name of the package in scope, for blocks that show one expression.
import * as everything from 'neuro-divergent';

Object.assign(globalThis, everything);
