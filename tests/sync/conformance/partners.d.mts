// The partners are plain JavaScript, because workers import them by themselves.

import type { SendableCoroutine } from "tokiwa";

// biome-ignore lint/suspicious/noExplicitAny: handles of every kind, and what each partner gives.
type Partner = SendableCoroutine<any[], any>;

export const adds: Partner;
export const holds: Partner;
export const writes: Partner;
export const reads: Partner;
export const downgrades: Partner;
export const keepsWriting: Partner;
export const acquires: Partner;
export const addsPermits: Partner;
export const closes: Partner;
export const sends: Partner;
export const sendsAndEnds: Partner;
export const pushes: Partner;
export const keeps: Partner;
export const forgets: Partner;
export const receives: Partner;
export const receivesSome: Partner;
export const disposes: Partner;
export const serves: Partner;
export const answers: Partner;
export const awaits: Partner;
export const listens: Partner;
export const broadcasts: Partner;
export const watches: Partner;
export const sets: Partner;
export const modifies: Partner;
export const notifies: Partner;
export const takesTurns: Partner;
export const isNotified: Partner;
export const comes: Partner;
export const meets: Partner;
export const meetsInTurn: Partner;
export const initializes: Partner;
export const initializesForEver: Partner;
export const makesAndTakes: Partner;
export const waitsFor: Partner;
export const setsAtOnce: Partner;
export const setsCell: Partner;
