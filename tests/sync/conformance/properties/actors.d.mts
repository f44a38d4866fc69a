// The actors are plain JavaScript, because workers import them by themselves.

import type { SendableCoroutine, SendableFunction } from "tokiwa";

export interface Step {
  readonly op: string;
  readonly n: number;
}

// biome-ignore lint/suspicious/noExplicitAny: handles of either form.
type Handles = any;

interface Given {
  readonly index?: number;
  /** How often it follows its script. */
  readonly repeat?: number;
  readonly script: readonly Step[];
  readonly [more: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows what its actors report.
export type Actor = SendableCoroutine<[handles: Handles, given: Given], any>;

export const give: SendableFunction<[{ words: Int32Array }], number>;
export const sends: Actor;
export const pushes: Actor;
export const receives: Actor;
export const acquires: Actor;
export const locks: Actor;
export const readsAndWrites: Actor;
export const stands: Actor;
export const produces: Actor;
export const consumes: Actor;
export const broadcasts: Actor;
export const listens: Actor;
export const sets: Actor;
export const watches: Actor;
export const answers: Actor;
export const asks: Actor;
export const comesAndGoes: Actor;
export const meets: Actor;
export const initializes: Actor;
export const setsOrWaits: Actor;
