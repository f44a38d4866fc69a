// The doors of shared primitives (threads/dismissal.ts, X1). What reads without a lock has none.

import { enter, leave, left } from "../threads/dismissal";
import * as broadcasts from "./broadcast";
import * as cell from "./cell";
import * as channel from "./channel";
import * as drop from "./drop";
import * as ends from "./ends";
import * as listener from "./listener";
import * as loss from "./loss";
import * as notify from "./notify";
import * as once from "./once";
import * as semaphore from "./semaphore";
import * as travel from "./travel";
import * as value from "./value";
import * as waiters from "./waiters";

// ── Claims and ends ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function newEnd(object: usize, role: i32): usize {
  enter();
  return left(ends.newEnd(object, role));
}

export function upgradeWeak(object: usize): usize {
  enter();
  return left(ends.upgradeWeak(object));
}

export function closeObject(object: usize): void {
  enter();
  ends.closeObject(object);
  leave();
}

export function dropClaim(claim: usize): void {
  enter();
  drop.dropClaim(claim);
  leave();
}

export function tidy(): void {
  enter();
  loss.tidy();
  leave();
}

export function takeSignal(): i32 {
  enter();
  return left(waiters.takeSignal());
}

// ── Listening ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function newListener(object: usize): usize {
  enter();
  return left(listener.newListener(object));
}

export function stopListening(claim: usize): void {
  enter();
  listener.stopListening(claim);
  leave();
}

export function awaitParting(object: usize, claim: usize, slot: i32, generation: i32): i32 {
  enter();
  return left(listener.awaitParting(object, claim, slot, generation));
}

export function stampOf(object: usize): i32 {
  enter();
  return left(notify.stampOf(object));
}

export function newNotified(object: usize, stamp: i32): usize {
  enter();
  return left(notify.newNotified(object, stamp));
}

export function pollNotified(claim: usize, slot: i32, generation: i32): i32 {
  enter();
  return left(notify.pollNotified(claim, slot, generation));
}

export function endNotified(claim: usize): void {
  enter();
  notify.endNotified(claim);
  leave();
}

export function notifyOne(object: usize): void {
  enter();
  notify.notifyOne(object);
  leave();
}

export function notifyLast(object: usize): void {
  enter();
  notify.notifyLast(object);
  leave();
}

export function notifyWaiters(object: usize): void {
  enter();
  notify.notifyWaiters(object);
  leave();
}

// ── Permits ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function acquirePermits(object: usize, wanted: i32, slot: i32, generation: i32): i32 {
  enter();
  return left(semaphore.acquirePermits(object, wanted, slot, generation));
}

export function tryAcquirePermits(object: usize, wanted: i32): i32 {
  enter();
  return left(semaphore.tryAcquirePermits(object, wanted));
}

export function pollPermits(claim: usize, slot: i32, generation: i32): i32 {
  enter();
  return left(semaphore.pollPermits(claim, slot, generation));
}

export function giveSomeBack(claim: usize, count: i32): void {
  enter();
  semaphore.giveSomeBack(claim, count);
  leave();
}

export function splitPermits(claim: usize, count: i32): usize {
  enter();
  return left(semaphore.splitPermits(claim, count));
}

export function mergePermits(claim: usize, other: usize): void {
  enter();
  semaphore.mergePermits(claim, other);
  leave();
}

export function forgetHeld(claim: usize): void {
  enter();
  semaphore.forgetHeld(claim);
  leave();
}

export function addPermits(object: usize, count: i32, most: i32): bool {
  enter();
  return left(semaphore.addPermits(object, count, most));
}

export function forgetPermits(object: usize, count: i32): i32 {
  enter();
  return left(semaphore.forgetPermits(object, count));
}

export function availablePermits(object: usize): i32 {
  enter();
  return left(semaphore.availablePermits(object));
}

export function closeSemaphore(object: usize): void {
  enter();
  semaphore.closeSemaphore(object);
  leave();
}

// ── Channels ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function send(object: usize, outcome: i32, number: f64): i32 {
  enter();
  return left(channel.send(object, outcome, number));
}

export function fulfil(claim: usize, outcome: i32, number: f64): i32 {
  enter();
  return left(channel.fulfil(claim, outcome, number));
}

export function receive(object: usize, claim: usize, slot: i32, generation: i32): i32 {
  enter();
  return left(channel.receive(object, claim, slot, generation));
}

export function receiveMany(object: usize, limit: i32): i32 {
  enter();
  return left(channel.receiveMany(object, limit));
}

export function receiveUsed(object: usize, used: i32): void {
  enter();
  channel.receiveUsed(object, used);
  leave();
}

export function lease(object: usize, used: i32): i32 {
  enter();
  return left(channel.lease(object, used));
}

export function queueLengthOf(object: usize): i32 {
  enter();
  return left(channel.queueLengthOf(object));
}

export function broadcast(object: usize, outcome: i32, number: f64): i32 {
  enter();
  return left(broadcasts.broadcast(object, outcome, number));
}

export function receiveNext(claim: usize, listener: usize, slot: i32, generation: i32): i32 {
  enter();
  return left(broadcasts.receiveNext(claim, listener, slot, generation));
}

export function unreadBy(claim: usize): i32 {
  enter();
  return left(broadcasts.unreadBy(claim));
}

export function keptIn(object: usize): i32 {
  enter();
  return left(broadcasts.keptIn(object));
}

// ── Cells ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function setValue(object: usize, outcome: i32, number: f64): void {
  enter();
  cell.setValue(object, outcome, number);
  leave();
}

export function readValue(object: usize): i32 {
  enter();
  return left(cell.readValue(object));
}

export function readHeld(object: usize): i32 {
  enter();
  return left(cell.readHeld(object));
}

export function takeValue(object: usize): i32 {
  enter();
  return left(cell.takeValue(object));
}

export function publish(object: usize, outcome: i32, number: f64): void {
  enter();
  cell.publish(object, outcome, number);
  leave();
}

export function replaceIf(object: usize, stamp: i32, outcome: i32, number: f64, silent: i32): bool {
  enter();
  return left(cell.replaceIf(object, stamp, outcome, number, silent));
}

export function publishOnce(object: usize, outcome: i32, number: f64): bool {
  enter();
  return left(cell.publishOnce(object, outcome, number));
}

export function initialize(claim: usize, outcome: i32, number: f64, read: i32): bool {
  enter();
  return left(once.initialize(claim, outcome, number, read));
}

export function takeInitialized(object: usize): i32 {
  enter();
  return left(once.takeInitialized(object));
}

export function publishToReceivers(object: usize, outcome: i32, number: f64): bool {
  enter();
  return left(cell.publishToReceivers(object, outcome, number));
}

export function awaitVersion(
  object: usize,
  claim: usize,
  seen: i32,
  slot: i32,
  generation: i32,
): i32 {
  enter();
  return left(cell.awaitVersion(object, claim, seen, slot, generation));
}

export function arrive(object: usize): i32 {
  enter();
  return left(cell.arrive(object));
}

export function isParted(object: usize): bool {
  enter();
  return left(cell.isParted(object));
}

// ── Values and what travels ───────────────────────────────────────────────────────────────────────────────────────────────

export function newValue(bytes: i32): usize {
  enter();
  return left(value.newValue(bytes));
}

export function attachClaim(block: usize, claim: usize): void {
  enter();
  value.attachClaim(block, claim);
  leave();
}

export function unpin(block: usize): void {
  enter();
  value.unpin(block);
  leave();
}

export function discardTraveller(first: usize): void {
  enter();
  value.discardClaims(first);
  leave();
}

export function newTraveller(claim: usize): usize {
  enter();
  return left(travel.newTraveller(claim));
}

export function depart(claim: usize, traveller: usize): void {
  enter();
  travel.depart(claim, traveller);
  leave();
}

export function comeBack(claim: usize, traveller: usize): void {
  enter();
  travel.comeBack(claim, traveller);
  leave();
}

export function land(traveller: usize): usize {
  enter();
  return left(travel.land(traveller));
}
