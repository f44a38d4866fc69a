// The doors of the build with threads (dismissal.ts, X1). What only reads has none, nor has what changes one word in one step, or two in an order
// in which it may be left: `newId`, `takeWanted`, `takeBack`, `leavePool`; nor what is called before a record is this thread's: `setUp`, `claimRecord`, `dismiss`.

import * as scheduler from "../scheduler";
import * as blocking from "./blocking";
import * as closing from "./closing";
import * as death from "./death";
import { enter, leave, left } from "./dismissal";
import * as functions from "./functions";
import * as parking from "./parking";
import * as idling from "./search";
import * as spawning from "./submit";
import * as substitutes from "./substitutes";

// ── Tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function release(slot: i32): void {
  enter();
  scheduler.release(slot);
  leave();
}

export function newSendable(kind: i32, fn: i32, id: f64, outcome: i32, bytes: i32): i32 {
  enter();
  return left(spawning.newSendable(kind, fn, id, outcome, bytes));
}

export function submit(slot: i32): void {
  enter();
  spawning.submit(slot);
  leave();
}

export function submitTo(slot: i32, thread: i32): void {
  enter();
  spawning.submitTo(slot, thread);
  leave();
}

export function spawnNumber(kind: i32, fn: i32, id: f64, outcome: i32, argument: f64): i32 {
  enter();
  return left(spawning.spawnNumber(kind, fn, id, outcome, argument));
}

export function clearClosed(): void {
  enter();
  spawning.clearClosed();
  leave();
}

export function newName(bytes: i32): usize {
  enter();
  return left(functions.newName(bytes));
}

export function enterFunction(name: usize): i32 {
  enter();
  return left(functions.enterFunction(name));
}

// ── Waiting ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function search(expects: i32): bool {
  enter();
  return left(idling.search(expects));
}

export function beginPark(): bool {
  enter();
  return left(idling.beginPark());
}

export function endPark(parkedMs: f64): void {
  enter();
  idling.endPark(parkedMs);
  leave();
}

export function unpark(thread: i32): void {
  enter();
  parking.unpark(thread);
  leave();
}

export function handOff(): void {
  enter();
  substitutes.handOff();
  leave();
}

// ── Other threads ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export function forgetBlocking(): void {
  enter();
  blocking.forgetBlocking();
  leave();
}

export function close(): void {
  enter();
  closing.close();
  leave();
}

export function recover(dead: i32): i32 {
  enter();
  return left(death.recover(dead));
}

export function retire(thread: i32): void {
  enter();
  death.retire(thread);
  leave();
}

export function sweep(dead: i32): i32 {
  enter();
  return left(death.sweep(dead));
}
