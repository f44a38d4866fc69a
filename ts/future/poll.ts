// The result of a poll.

/** What `poll` returns when the value is not there yet. */
export const Pending: unique symbol = Symbol("tokiwa.Pending");
export type Pending = typeof Pending;

/** A value, or {@link Pending}. A plain union: a result costs no allocation. */
export type Poll<T> = T | Pending;
