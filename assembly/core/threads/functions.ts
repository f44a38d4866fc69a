// Names of sendable functions, so that every thread finds the function for a number: where it is imported from, and its name.
// A name is a block of the heap that is never given back: length, then bytes.
//
// The table only grows. Two threads that meet a function at the same time may both enter it; both numbers mean the same.

import { FUNCTION_DIRECTORY, HEADER, HEADER_FUNCTIONS, MOST_FUNCTIONS } from "../layout";
import { addShared, loadShared, storeShared } from "../sync";
import { allocate } from "./heap";

const COUNT: usize = HEADER + HEADER_FUNCTIONS + 4;

function entryOf(fn: i32): usize {
  return FUNCTION_DIRECTORY + ((fn as usize) << 2);
}

/** Room for a name of so many bytes; its address, or 0 when there is no memory. */
export function newName(bytes: i32): usize {
  const address = allocate(bytes + 4);
  if (address != 0) store<i32>(address, bytes);
  return address;
}

/** Enters a name that has been written; its number from 1 on, or 0 when the table is full. */
export function enterFunction(name: usize): i32 {
  const index = addShared(COUNT, 1);
  if (index + 1 >= MOST_FUNCTIONS) {
    addShared(COUNT, -1);
    return 0;
  }
  // Published last. Partner: the load in functionName.
  storeShared(entryOf(index + 1), name as i32);
  return index + 1;
}

export function functionCount(): i32 {
  return loadShared(COUNT);
}

/** Address of the name of a function, or 0 for one that is just being entered. */
export function functionName(fn: i32): usize {
  return loadShared(entryOf(fn)) as u32 as usize;
}
