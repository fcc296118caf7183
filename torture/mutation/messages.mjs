// What Stryker leaves alone: the message of an error. It is for a reader, and nothing branches on it; its code is mutated.
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** The errors of the cores take their message as the second argument. */
const errors = ['invariant', 'LedgerError'];

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'messages', {
    shouldIgnore: ({ parent, listKey, key }) =>
      listKey === 'arguments' && key === 1 && errors.includes(parent.callee?.name) ? 'the message of an error' : undefined,
  }),
];
