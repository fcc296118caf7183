// Everything that one seed draws before its run, and that a failure prints: how many processes and orders there are, and how
// often each fault happens.
import type { Policy } from '../../order/policy.ts';
import type { Shares } from './scheduler.ts';

/** The options of one process. */
export interface ProcessOptions {
  readonly name: string;
  readonly delivers: boolean;
  /** False: a short-lived host, which calls `settle` from a cron job. */
  readonly background: boolean;
  /**
   * Where its read models and the cursors in them are. `lost`: a crash loses them. `kept`: they survive it. `shared`: likewise,
   * in one file with all other processes that share.
   */
  readonly readModels: 'lost' | 'kept' | 'shared';
  readonly policy: Policy;
  /** `older`: until its upgrade it cannot read some events of the newer processes. */
  readonly release: 'newer' | 'older';
  /** How many milliseconds its wall clock is ahead. */
  readonly wallSkewMs: number;
  readonly monotonicOriginMs: number;
}

/** The probability of each fault at every call of the store. */
export interface StoreFaults {
  /** The probability that a call does nothing and fails with an error that says so. */
  readonly refused: number;
  /** The probability that an append is stored, but fails with `store_unavailable`. */
  readonly replyLost: number;
  /** The probability that an append fails with `store_unavailable`, and is stored later. */
  readonly doneLate: number;
  /** The probability that a call, or its reply, takes up to a minute: longer than the deadlines of those who wait for it. */
  readonly slow: number;
}

/** The probability of each fault at every step. */
export interface ProcessFaults {
  readonly crash: number;
  /** The probability, for every append, that the process crashes before it gets the answer. */
  readonly crashAfterAppend: number;
  /** The process is frozen for a while; its clocks run. */
  readonly pause: number;
  /** The process is stopped cleanly, as in a roll-out. */
  readonly stop: number;
  /** A machine is suspended, with one process or all of them: their monotonic clocks stop, and afterwards their timers are late. */
  readonly suspend: number;
  /** The wall clock of a process jumps, by up to `wallJumpMs`. */
  readonly clockJump: number;
}

/** The probability of each fault at every call of `deliver`. */
export interface ShopFaults {
  readonly fails: number;
  readonly failsAfterEffect: number;
  /** The call does nothing until it is aborted. */
  readonly hangs: number;
  /** The call ignores the abort, and writes later. */
  readonly writesLate: number;
}

/** The probability of each fault of the sources. */
export interface SourceFaults {
  /** The provider never sends a webhook. */
  readonly dropped: number;
  /** The provider sends a webhook twice. */
  readonly doubled: number;
  /** The metadata of an object name no order. */
  readonly unnamed: number;
  /** The metadata of an object name a wrong order. */
  readonly misnamed: number;
}

/** All options of one seed. */
export interface SimulationOptions {
  readonly seed: number;
  readonly processes: readonly ProcessOptions[];
  /** The policy of the first process, and of those that do not have another. */
  readonly policy: Policy;
  readonly deliverTimeoutMs: number;
  readonly store: StoreFaults;
  /** True: the store appends to several streams in one commit. */
  readonly appendsTogether: boolean;
  readonly process: ProcessFaults;
  readonly shop: ShopFaults;
  readonly sources: SourceFaults;
  readonly shares: Shares;
  /** The probability that a call of the store and its reply are one step of the scheduler, not two. */
  readonly replyAtOnce: number;
  readonly orders: number;
  readonly paymentsPerOrder: number;
  /** The probability that an order is placed only after its payments have begun, up to `placedLateMs` later. */
  readonly placedLate: number;
  readonly placedLateMs: number;
  readonly polls: number;
  readonly people: number;
  /** The weight of moving a payment to another order, among the actions of people. The other actions together weigh 10. */
  readonly moves: number;
  /** The weight of withdrawing an order, likewise. */
  readonly withdrawals: number;
  /** How often the shop tries to attach a checkout, at most. */
  readonly attachTries: number;
  /** True: the shop refuses one order for more than 72 hours. */
  readonly outage: boolean;
  /**
   * What is put back from a backup once all work has ended: the log or the shop's table, as each was at step `backedUpAtStep`.
   * Undefined: nothing is.
   */
  readonly putBack: 'log' | 'shop' | undefined;
  readonly backedUpAtStep: number;
  /** True: the shop's `deliver` answers what the shop has stored. */
  readonly shopAnswers: boolean;
  /** How far a wall clock is off after a jump, at most. */
  readonly wallJumpMs: number;
  /** Where the read models are that processes share: in memory, or in a real file. */
  readonly sharedOn: 'memory' | 'disk';
  /** The probability that an event of a newer process has a version that the older ones do not know. */
  readonly newerEvents: number;
  /** The probability that the shop fulfilled an order before it had a ledger, and imports it. */
  readonly imports: number;
  /** The probability that a payment is disputed and the dispute stays open, whatever else was drawn for it. */
  readonly disputesStayOpen: number;
  /** The probability that the provider finds later that a payment was of another amount. */
  readonly corrections: number;
  /** After this number of steps the faults stop. */
  readonly faultySteps: number;
}
