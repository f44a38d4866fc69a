// What shared primitives need of the Wasm core: the names are those of assembly/core/shared/index.ts, the numbers those of
// assembly/core/shared/layout.ts. Whoever has a core with shared memory provides it (home.ts); this folder knows no runtime.

/** Where an object's kind stands, and the kinds. */
export const OBJECT_KIND = 8;
export const KIND_SEMAPHORE = 1;
export const KIND_LOCK = 2;
export const KIND_CHANNEL = 3;
export const KIND_ONESHOT = 4;
export const KIND_BROADCAST = 5;
export const KIND_WATCH = 6;
export const KIND_NOTIFY = 7;
export const KIND_CELL = 8;

/** Roles of claims that are made by `newEnd`. */
export const ROLE_SENDER = 2;
export const ROLE_WEAK = 3;
export const ROLE_RECEIVER = 4;

/** States; what acquiring answers has them in the low bits of a claim's address. */
export const READY = 1;
export const WAITING = 2;
export const CLOSED = 3;
export const HELD = 4;
export const BROKEN = 7;
export const STATE_MASK = 7;

/** What a slot without a value says, and how a value is written: as in ts/runtime/core/binding.ts. */
export const OUTCOME_EMPTY = 0;
export const OUTCOME_NUMBER = 3;
export const OUTCOME_NONE = 4;
export const OUTCOME_BYTES = 5;
export const OUTCOME_RAW = 9;

/** Answers of `send` and `fulfil`. */
export const SENT = 1;
export const FULL = 2;
export const GONE = 3;
/** Answers of `receive` and `receiveMany`, beside outcomes and counts. */
export const DRAINED = -1;
export const SHATTERED = -2;
/** Answers of `receiveNext`. */
export const ALL_READ = -1;
export const LAGGED = -2;
export const SHATTERED_RING = -3;

/** The most values that `receiveMany` gives at once. */
export const MOST_AT_ONCE = 63;
export const SLOT_SIZE = 16;
/** Where the bytes of a block begin, and where their number stands. */
export const VALUE_BYTES = 16;
export const VALUE_LENGTH = 4;

export interface SyncCore {
  newObject(kind: number, permits: number, maximum: number): number;
  newReference(object: number): number;
  newEnd(object: number, role: number): number;
  upgradeWeak(object: number): number;
  objectOf(claim: number): number;
  stateOfClaim(claim: number): number;
  dropClaim(claim: number): void;
  closeObject(object: number): void;
  isClosedObject(object: number): number;
  isBrokenObject(object: number): number;
  isPoisoned(object: number): number;
  clearPoison(object: number): void;
  strongOf(object: number): number;
  weakOf(object: number): number;
  receiversOf(object: number): number;

  acquirePermits(object: number, wanted: number, slot: number, generation: number): number;
  tryAcquirePermits(object: number, wanted: number): number;
  pollPermits(claim: number, slot: number, generation: number): number;
  giveSomeBack(claim: number, count: number): void;
  splitPermits(claim: number, count: number): number;
  mergePermits(claim: number, other: number): void;
  heldPermits(claim: number): number;
  forgetHeld(claim: number): void;
  addPermits(object: number, count: number, most: number): number;
  forgetPermits(object: number, count: number): number;
  availablePermits(object: number): number;
  closeSemaphore(object: number): void;

  newListener(object: number): number;
  stopListening(claim: number): void;
  awaitParting(object: number, claim: number, slot: number, generation: number): number;

  send(object: number, outcome: number, value: number): number;
  fulfil(claim: number, outcome: number, value: number): number;
  receive(object: number, claim: number, slot: number, generation: number): number;
  receiveMany(object: number, limit: number): number;
  receiveUsed(object: number, used: number): void;
  lease(object: number, used: number): number;
  queueLengthOf(object: number): number;

  versionOf(object: number): number;
  setValue(object: number, outcome: number, value: number): void;
  readValue(object: number): number;
  readHeld(object: number): number;
  takeValue(object: number): number;
  initialize(claim: number, outcome: number, value: number, read: number): number;
  takeInitialized(object: number): number;
  publish(object: number, outcome: number, value: number): void;
  replaceIf(object: number, stamp: number, outcome: number, value: number, silent: number): number;
  publishOnce(object: number, outcome: number, value: number): number;
  publishToReceivers(object: number, outcome: number, value: number): number;
  awaitVersion(
    object: number,
    claim: number,
    seen: number,
    slot: number,
    generation: number,
  ): number;
  arrive(object: number): number;
  isParted(object: number): number;

  broadcast(object: number, outcome: number, value: number): number;
  receiveNext(claim: number, listener: number, slot: number, generation: number): number;
  unreadBy(claim: number): number;
  keptIn(object: number): number;

  stampOf(object: number): number;
  newNotified(object: number, stamp: number): number;
  pollNotified(claim: number, slot: number, generation: number): number;
  endNotified(claim: number): void;
  notifyOne(object: number): void;
  notifyLast(object: number): void;
  notifyWaiters(object: number): void;

  newValue(bytes: number): number;
  unpin(block: number): void;
  land(traveller: number): number;
  isEmptyClaim(claim: number): number;
}
