// The runtime of tests that use the real clock: a busy machine makes them slow, never red.
import { type Runtime, systemRuntime } from './runtime.ts';

export const testRuntime: Runtime = { ...systemRuntime, patience: 50 };
