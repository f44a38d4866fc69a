// The result of a poll.

/** What `poll` returns when the value is not there yet. */
export const Pending: unique symbol = Symbol("tokiwa.Pending");
export type Pending = typeof Pending;

/** A value, or {@link Pending}. A plain union: a result costs no allocation. */
export type Poll<T> = T | Pending;

declare const suspension: unique symbol;

/**
 * What a coroutine's `yield*` passes up while it waits. At run time it is {@link Pending}; it has a type of its own because
 * the compiler widens the type of a yielded symbol.
 */
export interface Suspension {
  readonly [suspension]: never;
}
