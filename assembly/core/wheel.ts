// The timer wheel: six levels of 64 slots, one tick (1 ms) to 2^36 ticks, after Varghese and Lauck's hierarchical wheels
// as Tokio has them. wheel.md beside this file has the picture and the argument for the order.
//
// W1  An entry stands in the slot of the highest 6-bit group in which its deadline differs from `elapsed`.
// W2  `elapsed` never passes an occupied slot's start without that slot being emptied: fired (level 0) or cascaded.
// W3  Slots are first-in first-out, so entries of one tick fire in the order in which they were registered.
// W4  An entry is given back the moment it fires; (entry, key) is how its owner learns of it.

import {
  FOREIGN,
  FOREIGN_FIRED,
  HEADER_TIMER_LIMIT,
  TIMER_DEADLINE,
  TIMER_DIRECTORY,
  TIMER_KEY,
  TIMER_NEXT,
  TIMER_PLACE,
  TIMER_PREVIOUS,
  TIMER_SHIFT,
  TIMER_TASK,
  TIMER_TASK_GENERATION,
  WHEEL_ELAPSED,
  WHEEL_OCCUPIED,
  WHEEL_SLOTS,
} from "./layout";
import { giveSlot, slotAddress, takeSlot } from "./slab";
import { isTracing, TRACE_FIRE, trace } from "./trace";
import { wakeTask } from "./wake";
import { get, set, worker } from "./worker";

const LEVELS: i32 = 6;
const SLOT_BITS: i32 = 6;
const SLOT_MASK: u64 = 63;
const SPAN: u64 = 1 << 36;
const PLACE_FOREIGN: i32 = -1;
const NEVER: u64 = u64.MAX_VALUE;

function timerAddress(entry: i32): usize {
  return slotAddress(TIMER_DIRECTORY, entry, TIMER_SHIFT);
}

function elapsed(): u64 {
  return load<u64>(worker() + WHEEL_ELAPSED);
}

function occupied(level: i32): u64 {
  return load<u64>(worker() + WHEEL_OCCUPIED + ((level as usize) << 3));
}

function setOccupied(level: i32, bits: u64): void {
  store<u64>(worker() + WHEEL_OCCUPIED + ((level as usize) << 3), bits);
}

/** Address of {head, tail} of a place; a place is level × 64 + slot. */
function placeAddress(place: i32): usize {
  return worker() + WHEEL_SLOTS + ((place as usize) << 3);
}

function placeFor(deadline: u64): i32 {
  // The low bits are set so that a difference within level 0 is never "no difference at all".
  let difference = (elapsed() ^ deadline) | SLOT_MASK;
  if (difference >= SPAN) difference = SPAN - 1;
  const level = (63 - (clz(difference) as i32)) / SLOT_BITS;
  return (level << SLOT_BITS) | (((deadline >> (level * SLOT_BITS)) & SLOT_MASK) as i32);
}

function link(entry: i32): void {
  const address = timerAddress(entry);
  const place = placeFor(load<u64>(address + TIMER_DEADLINE));
  const list = placeAddress(place);
  const tail = load<i32>(list + 4);
  store<i32>(address + TIMER_PLACE, place);
  store<i32>(address + TIMER_PREVIOUS, tail);
  store<i32>(address + TIMER_NEXT, 0);
  if (tail == 0) {
    store<i32>(list, entry + 1);
    setOccupied(place >> SLOT_BITS, occupied(place >> SLOT_BITS) | ((1 as u64) << (place & 63)));
  } else {
    store<i32>(timerAddress(tail - 1) + TIMER_NEXT, entry + 1);
  }
  store<i32>(list + 4, entry + 1);
}

function unlink(address: usize): void {
  const place = load<i32>(address + TIMER_PLACE);
  const list = placeAddress(place);
  const previous = load<i32>(address + TIMER_PREVIOUS);
  const next = load<i32>(address + TIMER_NEXT);
  if (previous == 0) store<i32>(list, next);
  else store<i32>(timerAddress(previous - 1) + TIMER_NEXT, next);
  if (next == 0) store<i32>(list + 4, previous);
  else store<i32>(timerAddress(next - 1) + TIMER_PREVIOUS, previous);
  if (previous == 0 && next == 0) clearOccupied(place);
}

function clearOccupied(place: i32): void {
  const level = place >> SLOT_BITS;
  setOccupied(level, occupied(level) & ~((1 as u64) << (place & 63)));
}

function free(entry: i32, address: usize): void {
  store<i32>(address + TIMER_KEY, 0);
  giveSlot(HEADER_TIMER_LIMIT, TIMER_DIRECTORY, entry, TIMER_SHIFT, TIMER_NEXT);
}

/** A deadline that has passed belongs to the tick we stand in. */
function clamp(deadline: f64): u64 {
  const tick = deadline as u64;
  return tick < elapsed() ? elapsed() : tick;
}

/** Registers a timer. `task` is the slot to wake, or FOREIGN. Returns the entry, or -1 when there is no room. */
export function insertTimer(deadline: f64, task: i32, generation: i32, key: i32): i32 {
  assert(key > 0, "wheel: a key is positive");
  const entry = takeSlot(HEADER_TIMER_LIMIT, TIMER_DIRECTORY, TIMER_SHIFT, TIMER_NEXT);
  if (entry < 0) return entry;
  const address = timerAddress(entry);
  store<u64>(address + TIMER_DEADLINE, clamp(deadline));
  store<i32>(address + TIMER_TASK, task);
  store<i32>(address + TIMER_TASK_GENERATION, generation);
  store<i32>(address + TIMER_KEY, key);
  link(entry);
  return entry;
}

/** Whether the registration has neither fired nor been cancelled. */
export function isTimerPending(entry: i32, key: i32): bool {
  const address = timerAddress(entry);
  return load<i32>(address + TIMER_KEY) == key && load<i32>(address + TIMER_PLACE) != PLACE_FOREIGN;
}

/** Cancelling twice, or after it fired, does nothing. */
export function cancelTimer(entry: i32, key: i32): void {
  if (!isTimerPending(entry, key)) return;
  const address = timerAddress(entry);
  unlink(address);
  free(entry, address);
}

/** Names another task to wake: the future that owns the timer has moved to it. */
export function retargetTimer(entry: i32, key: i32, task: i32, generation: i32): void {
  if (!isTimerPending(entry, key)) return;
  const address = timerAddress(entry);
  store<i32>(address + TIMER_TASK, task);
  store<i32>(address + TIMER_TASK_GENERATION, generation);
}

/** The start of the first occupied slot, and the slot itself in `expiringPlace`; NEVER for an empty wheel. */
let expiringPlace: i32 = 0;
function nextSlotStart(): u64 {
  const now = elapsed();
  for (let level = 0; level < LEVELS; level++) {
    const bits = occupied(level);
    if (bits == 0) continue;
    const shift = level * SLOT_BITS;
    const current = (now >> shift) & SLOT_MASK;
    // On the top level the slot we stand in holds only what lies a whole span ahead, so there it comes last.
    const first = level == LEVELS - 1 ? (current + 1) & SLOT_MASK : current;
    const slot = (first + ctz(rotr(bits, first))) & SLOT_MASK;
    expiringPlace = (level << SLOT_BITS) | (slot as i32);
    const levelStart = (now >> (shift + SLOT_BITS)) << (shift + SLOT_BITS);
    const start = levelStart + (slot << shift);
    const wrapped = level == LEVELS - 1 && slot <= current;
    assert(wrapped || level == 0 || start > now, "wheel: W2, a slot above level 0 lies ahead");
    return wrapped ? start + SPAN : start;
  }
  return NEVER;
}

function takePlace(place: i32): i32 {
  const list = placeAddress(place);
  const head = load<i32>(list);
  store<u64>(list, 0);
  clearOccupied(place);
  return head;
}

function fire(entry: i32, address: usize): void {
  assert(load<u64>(address + TIMER_DEADLINE) <= elapsed(), "wheel: no timer fires early");
  const task = load<i32>(address + TIMER_TASK);
  if (task == FOREIGN) {
    store<i32>(address + TIMER_PLACE, PLACE_FOREIGN);
    store<i32>(address + TIMER_PREVIOUS, 0);
    store<i32>(address + TIMER_NEXT, get(FOREIGN_FIRED));
    set(FOREIGN_FIRED, entry + 1);
    return;
  }
  const generation = load<i32>(address + TIMER_TASK_GENERATION);
  free(entry, address);
  if (isTracing()) trace(TRACE_FIRE, generation);
  wakeTask(task, generation);
}

/** Empties a slot: what is due fires, what is not moves to a lower level. Returns how many fired. */
function expirePlace(place: i32): i32 {
  let fired = 0;
  let head = takePlace(place);
  while (head != 0) {
    const entry = head - 1;
    const address = timerAddress(entry);
    head = load<i32>(address + TIMER_NEXT);
    if (load<u64>(address + TIMER_DEADLINE) > elapsed()) {
      link(entry);
      continue;
    }
    fire(entry, address);
    fired++;
  }
  return fired;
}

/** Moves to the tick `now`, firing what is due in (deadline, registration) order. Returns how many fired. */
export function advanceWheel(now: f64): i32 {
  const target = now as u64;
  let fired = 0;
  for (;;) {
    const start = nextSlotStart();
    if (start > target) break;
    store<u64>(worker() + WHEEL_ELAPSED, start);
    fired += expirePlace(expiringPlace);
  }
  // A clock that went backwards moves nothing.
  if (target > elapsed()) store<u64>(worker() + WHEEL_ELAPSED, target);
  return fired;
}

/** A tick before which nothing is due; -1 for an empty wheel. Costs no walk: exact on level 0, a slot's start above it. */
export function nextExpiryBound(): f64 {
  const start = nextSlotStart();
  return start == NEVER ? -1 : (start as f64);
}

function earliestIn(place: i32): u64 {
  let earliest = NEVER;
  let next = load<i32>(placeAddress(place));
  while (next != 0) {
    const address = timerAddress(next - 1);
    const deadline = load<u64>(address + TIMER_DEADLINE);
    if (deadline < earliest) earliest = deadline;
    next = load<i32>(address + TIMER_NEXT);
  }
  return earliest;
}

/**
 * The tick at which the next timer fires, exactly; -1 for an empty wheel. Walks one slot, or all of the top level, where
 * timers beyond the wheel's span stand in no order.
 */
export function nextExpiry(): f64 {
  if (nextSlotStart() == NEVER) return -1;
  let earliest = earliestIn(expiringPlace);
  if (expiringPlace >> SLOT_BITS == LEVELS - 1) {
    for (let place = (LEVELS - 1) << SLOT_BITS; place < LEVELS << SLOT_BITS; place++) {
      const other = earliestIn(place);
      if (other < earliest) earliest = other;
    }
  }
  return earliest as f64;
}

/** The key of a timer that fired for a foreign waker, or 0 when there is none left; the entry is given back. */
export function takeForeignFired(): i32 {
  const head = get(FOREIGN_FIRED);
  if (head == 0) return 0;
  const address = timerAddress(head - 1);
  const key = load<i32>(address + TIMER_KEY);
  set(FOREIGN_FIRED, load<i32>(address + TIMER_NEXT));
  free(head - 1, address);
  return key;
}
