// What both forms of every primitive have, as the cases see it. Both are checked against it by the compiler in forms.ts.

import type { Context, Coroutine, Future, Poll } from "tokiwa";

// biome-ignore lint/suspicious/noExplicitAny: another handle of the same form, which the classes tell by their own names.
type Handle = any;

export interface Permit<T> extends Disposable {
  send(value: T): void;
}

export interface Permits<T> extends Disposable, Iterable<Permit<T>> {
  len(): number;
  take(): Permit<T> | undefined;
}

export interface OwnedPermit<T> extends Disposable {
  send(value: T): BoundedSender<T>;
  release(): BoundedSender<T>;
  sameChannel(other: Handle): boolean;
  sameChannelAsSender(sender: Handle): boolean;
}

export interface WeakSender<S> extends Disposable {
  upgrade(): S | undefined;
  strongCount(): number;
  weakCount(): number;
}

/** What bounded and unbounded senders have. */
export interface AnySender<T> extends Disposable {
  isClosed(): boolean;
  closed(): Future<void>;
  strongCount(): number;
  weakCount(): number;
  len(): number;
  close(): void;
  clone(): AnySender<T>;
  downgrade(): WeakSender<AnySender<T>>;
}

export interface BoundedSender<T> extends AnySender<T> {
  send(value: T): Future<void>;
  trySend(value: T): void;
  reserve(): Future<Permit<T>>;
  reserveMany(count: number): Future<Permits<T>>;
  reserveOwned(): Future<OwnedPermit<T>>;
  tryReserve(): Permit<T>;
  tryReserveMany(count: number): Permits<T>;
  tryReserveOwned(): OwnedPermit<T>;
  capacity(): number;
  maxCapacity(): number;
  sameChannel(other: Handle): boolean;
  clone(): BoundedSender<T>;
  downgrade(): WeakSender<BoundedSender<T>>;
}

export interface UnboundedSender<T> extends AnySender<T> {
  send(value: T): void;
  sameChannel(other: Handle): boolean;
  clone(): UnboundedSender<T>;
  downgrade(): WeakSender<UnboundedSender<T>>;
}

export interface MpscReceiver<T> extends Disposable, AsyncIterable<T> {
  recv(): Future<T | undefined>;
  recvMany(limit: number): Future<T[]>;
  pollRecv(cx: Context): Poll<T | undefined>;
  pollRecvMany(cx: Context, limit: number): Poll<T[]>;
  senderStrongCount(): number;
  senderWeakCount(): number;
  tryRecv(): T;
  len(): number;
  isEmpty(): boolean;
  isClosed(): boolean;
  capacity(): number;
  maxCapacity(): number;
  close(): void;
}

export interface OneshotSender<T> extends Disposable {
  send(value: T): void;
  isClosed(): boolean;
  closed(): Future<void>;
  pollClosed(cx: Context): Poll<void>;
  close(): void;
}

export interface OneshotReceiver<T> extends Future<T> {
  tryRecv(): T;
  close(): void;
  isEmpty(): boolean;
  isTerminated(): boolean;
}

export interface BroadcastSender<T> extends Disposable {
  send(value: T): number;
  subscribe(): BroadcastReceiver<T>;
  len(): number;
  isEmpty(): boolean;
  receiverCount(): number;
  closed(): Future<void>;
  downgrade(): WeakSender<BroadcastSender<T>>;
  clone(): BroadcastSender<T>;
  strongCount(): number;
  weakCount(): number;
  sameChannel(other: Handle): boolean;
  close(): void;
}

export interface BroadcastReceiver<T> extends Disposable, AsyncIterable<T> {
  recv(): Future<T>;
  tryRecv(): T;
  pollRecv(cx: Context): Poll<T>;
  len(): number;
  isEmpty(): boolean;
  isClosed(): boolean;
  senderStrongCount(): number;
  senderWeakCount(): number;
  resubscribe(): BroadcastReceiver<T>;
  sameChannel(other: Handle): boolean;
}

export interface WatchSender<T> extends Disposable {
  send(value: T): void;
  sendReplace(value: T): T;
  sendModify(modify: (slot: { value: T }) => void): void;
  sendIfModified(modify: (slot: { value: T }) => boolean): boolean;
  borrow(): T;
  isClosed(): boolean;
  closed(): Future<void>;
  subscribe(): WatchReceiver<T>;
  receiverCount(): number;
  senderCount(): number;
  clone(): WatchSender<T>;
  sameChannel(other: Handle): boolean;
  close(): void;
}

export interface WatchReceiver<T> extends Disposable {
  changed(): Future<void>;
  pollChanged(cx: Context): Poll<void>;
  hasChanged(): boolean;
  borrow(): T;
  borrowAndUpdate(): T;
  waitFor(predicate: (value: T) => boolean): Future<T>;
  markChanged(): void;
  markUnchanged(): void;
  isClosed(): boolean;
  clone(): WatchReceiver<T>;
  sameChannel(other: Handle): boolean;
}

export interface Guard<T> extends Disposable {
  readonly value: T;
  release(): void;
}

/** What finds a part. */
export interface MappableGuard<T> extends Guard<T> {
  map<U>(project: (value: T) => U): MappableGuard<U>;
  tryMap<U>(project: (value: T) => U | undefined): MappableGuard<U> | undefined;
}

export interface WritableGuard<T> extends MappableGuard<T> {
  value: T;
}

export interface MutexGuard<T> extends WritableGuard<T> {
  readonly mutex: Mutex<T>;
}

export interface Mutex<T> {
  lock(): Future<MutexGuard<T>>;
  tryLock(): MutexGuard<T>;
  isLocked(): boolean;
  with<R>(fn: (value: T) => R | Coroutine<R>): Future<R>;
}

export interface ReadGuard<T> extends MappableGuard<T> {
  readonly rwLock: RwLock<T>;
}

export interface WriteGuard<T> extends WritableGuard<T> {
  readonly rwLock: RwLock<T>;
  downgrade(): ReadGuard<T>;
}

export interface RwLock<T> {
  read(): Future<ReadGuard<T>>;
  write(): Future<WriteGuard<T>>;
  tryRead(): ReadGuard<T>;
  tryWrite(): WriteGuard<T>;
  withRead<R>(fn: (value: T) => R | Coroutine<R>): Future<R>;
  withWrite<R>(fn: (value: T) => R | Coroutine<R>): Future<R>;
}

export interface SemaphorePermit extends Disposable {
  readonly semaphore: Semaphore;
  numPermits(): number;
  forget(): void;
  merge(other: Handle): void;
  split(count: number): SemaphorePermit | undefined;
  release(): void;
}

export interface Semaphore {
  availablePermits(): number;
  acquire(count?: number): Future<SemaphorePermit>;
  tryAcquire(count?: number): SemaphorePermit;
  addPermits(count: number): void;
  forgetPermits(count: number): number;
  close(): void;
  isClosed(): boolean;
}

export interface Notified extends Future<void> {
  enable(): boolean;
}

export interface Notify {
  notified(): Notified;
  notifyOne(): void;
  notifyLast(): void;
  notifyWaiters(): void;
}

export interface Barrier {
  wait(): Future<{ readonly isLeader: boolean }>;
}

export interface OnceCell<T> {
  get(): T | undefined;
  isInitialized(): boolean;
  set(value: T): void;
  take(): T | undefined;
  getOrInit<A extends readonly unknown[]>(
    init: (...args: A) => T | PromiseLike<T> | Coroutine<T>,
    ...args: A
  ): Future<T>;
}

export interface SetOnce<T> {
  set(value: T): void;
  get(): T | undefined;
  isInitialized(): boolean;
  wait(): Future<T>;
}

export type FormName = "plain" | "shared";

/** One form of every primitive. */
export interface Form {
  readonly form: FormName;
  mpsc<T>(capacity: number): [BoundedSender<T>, MpscReceiver<T>];
  unbounded<T>(): [UnboundedSender<T>, MpscReceiver<T>];
  oneshot<T>(): [OneshotSender<T>, OneshotReceiver<T>];
  broadcast<T>(capacity: number): [BroadcastSender<T>, BroadcastReceiver<T>];
  watch<T>(initial: T): [WatchSender<T>, WatchReceiver<T>];
  mutex<T>(value: T): Mutex<T>;
  rwLock<T>(value: T, options?: { maxReaders?: number }): RwLock<T>;
  semaphore(permits: number): Semaphore;
  notify(): Notify;
  barrier(count: number): Barrier;
  onceCell<T>(): OnceCell<T>;
  setOnce<T>(): SetOnce<T>;
  /**
   * Waits until every wake that has been given on this thread has arrived. The wakes of the plain form arrive at once, so that
   * nothing else runs meanwhile.
   */
  settle(): Coroutine<void>;
}
