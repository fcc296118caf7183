// Faults of the adapter, and of the slot, that the simulation must find: each is a patch of the source's text.
import type { Mutant } from '@paidonce/ledger/simulation';

export const mutants: readonly Mutant[] = [];
