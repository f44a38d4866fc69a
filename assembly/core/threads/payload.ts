// What travels with a task: arguments on the way there, the result on the way back. Small things stand in the task's header,
// larger ones in a block of the heap.
//
// Y1  Who runs or holds the task may touch its payload, nobody else: its spawner before it is submitted, its worker from the
//     first poll to the end, the joiner once the end is delivered.
// Y2  A result takes the place of the arguments where it fits, so that a task seldom allocates twice.

import {
  INLINE_SIZE,
  TASK_CLAIMS,
  TASK_INLINE,
  TASK_LENGTH,
  TASK_OUTCOME,
  TASK_PAYLOAD,
} from "../layout";
import { CLAIM_MINE_NEXT } from "../shared/layout";
import { discardClaims } from "../shared/value";
import { allocate, capacityOf, giveBack } from "./heap";

export function payloadOf(task: usize): usize {
  return load<u32>(task + TASK_PAYLOAD) as usize;
}

function isInline(task: usize, address: usize): bool {
  return address == task + TASK_INLINE;
}

function releaseBlock(task: usize): void {
  const address = payloadOf(task);
  if (address != 0 && !isInline(task, address)) giveBack(address);
  store<u32>(task + TASK_PAYLOAD, 0);
}

/** The handles that travelled with the payload have been read, or never will be. */
export function releaseClaims(task: usize): void {
  const claims = load<u32>(task + TASK_CLAIMS) as usize;
  if (claims == 0) return;
  store<u32>(task + TASK_CLAIMS, 0);
  discardClaims(claims);
}

export function releasePayload(task: usize): void {
  releaseBlock(task);
  releaseClaims(task);
}

/** A claim goes with the payload. */
export function carryClaim(task: usize, claim: usize): void {
  store<u32>(claim + CLAIM_MINE_NEXT, load<u32>(task + TASK_CLAIMS));
  store<u32>(task + TASK_CLAIMS, claim as u32);
}

/** A fresh task has none. */
export function clearPayload(task: usize): void {
  store<u32>(task + TASK_PAYLOAD, 0);
  store<u32>(task + TASK_CLAIMS, 0);
  store<i32>(task + TASK_LENGTH, 0);
}

/** Room for a payload of so many bytes in place of the one that is there; its address, or 0 when there is no memory. */
export function replacePayload(task: usize, bytes: i32, outcome: i32): usize {
  const before = payloadOf(task);
  const room = before == 0 ? 0 : isInline(task, before) ? INLINE_SIZE : capacityOf(before);
  let address = before;
  if (room < bytes) {
    address = bytes <= INLINE_SIZE ? task + TASK_INLINE : allocate(bytes);
    if (address == 0) return 0;
    releaseBlock(task);
    store<u32>(task + TASK_PAYLOAD, address as u32);
  }
  store<i32>(task + TASK_LENGTH, bytes);
  store<i32>(task + TASK_OUTCOME, outcome);
  return address;
}
