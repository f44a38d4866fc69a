// The timer wheel: six levels of 64 slots, one tick (1 ms) to 2^36 ticks, after Varghese and Lauck's hierarchical wheels
// as Tokio has them. wheel.md beside this file has the picture and the argument for the order.
//
// W1  An entry stands in the slot of the highest 6-bit group in which its deadline differs from `elapsed`.
// W2  `elapsed` never passes an occupied slot's start without that slot being emptied: fired (level 0) or cascaded.
// W3  Slots are first-in first-out, so entries of one tick fire in the order in which they were registered.
// W4  An entry is given back the moment it fires; (entry, key) is how its owner learns of it.
// W5  The wheel and its entries belong to one thread. Another thread cancels by turning the key negative: of that and the
//     firing one comes first, decided by compare-and-swap. The owner gives such an entry back at its next driver turn.

import {
  CANCELLED_TIMERS,
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
  TIMER_SLAB,
  TIMER_TASK,
  TIMER_TASK_GENERATION,
  WHEEL_ELAPSED,
  WHEEL_OCCUPIED,
  WHEEL_SLOTS,
} from "./layout";
import { giveSlot, hasPage, slotAddress, takeSlot } from "./slab";
import { compareExchange, exchangeShared, loadShared, storeShared } from "./sync";
import { isTracing, TRACE_FIRE, trace } from "./trace";
import { wakeTask } from "./wake";
import { get, recordOf, self, set, worker } from "./worker";

const LEVELS: i32 = 6;
const SLOT_BITS: i32 = 6;
const SLOT_MASK: u64 = 63;
const SPAN: u64 = 1 << 36;
/** Places of entries that stand in no slot of the wheel: fired for a foreign waker; fired, but cancelled from elsewhere. */
const PLACE_FOREIGN: i32 = 0x1ff;
const PLACE_NONE: i32 = 0x1fe;
const PLACE_MASK: i32 = 0x1ff;
const OWNER_SHIFT: i32 = 16;

/** The key of an entry that is just firing: no registration has it, and it says no to every cancel. */
const FIRING: i32 = i32.MIN_VALUE;
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

function placeOf(address: usize): i32 {
  return loadShared(address + TIMER_PLACE) & PLACE_MASK;
}

function setPlace(address: usize, place: i32): void {
  storeShared(address + TIMER_PLACE, (self() << OWNER_SHIFT) | place);
}

function ownerOf(address: usize): i32 {
  return loadShared(address + TIMER_PLACE) >>> OWNER_SHIFT;
}

function link(entry: i32): void {
  const address = timerAddress(entry);
  const place = placeFor(load<u64>(address + TIMER_DEADLINE));
  const list = placeAddress(place);
  const tail = load<i32>(list + 4);
  setPlace(address, place);
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
  const place = placeOf(address);
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
  storeShared(address + TIMER_KEY, 0);
  giveSlot(TIMER_SLAB, TIMER_DIRECTORY, entry, TIMER_SHIFT, TIMER_NEXT);
}

/** A deadline that has passed belongs to the tick we stand in. */
function clamp(deadline: f64): u64 {
  const tick = deadline as u64;
  return tick < elapsed() ? elapsed() : tick;
}

/** Registers a timer. `task` is the slot to wake, or FOREIGN. Returns the entry, or -1 when there is no room. */
export function insertTimer(deadline: f64, task: i32, generation: i32, key: i32): i32 {
  assert(key > 0, "wheel: a key is positive");
  const entry = takeSlot(TIMER_SLAB, HEADER_TIMER_LIMIT, TIMER_DIRECTORY, TIMER_SHIFT, TIMER_NEXT);
  if (entry < 0) return entry;
  const address = timerAddress(entry);
  store<u64>(address + TIMER_DEADLINE, clamp(deadline));
  store<i32>(address + TIMER_TASK, task);
  store<i32>(address + TIMER_TASK_GENERATION, generation);
  link(entry);
  storeShared(address + TIMER_KEY, key);
  return entry;
}

/** Whether the registration has neither fired nor been cancelled. */
export function isTimerPending(entry: i32, key: i32): bool {
  const address = timerAddress(entry);
  return loadShared(address + TIMER_KEY) == key && placeOf(address) != PLACE_FOREIGN;
}

/** Cancelling twice, or after it fired, does nothing. From another thread than registered it: W5. */
export function cancelTimer(entry: i32, key: i32): void {
  if (!isTimerPending(entry, key)) return;
  const address = timerAddress(entry);
  if (ASC_FEATURE_THREADS && ownerOf(address) != self()) {
    cancelRemotely(address, key, ownerOf(address), entry);
    return;
  }
  unlink(address);
  free(entry, address);
}

/** Partner: the compare-and-swap in claim. */
function cancelRemotely(address: usize, key: i32, owner: i32, entry: i32): void {
  if (compareExchange(address + TIMER_KEY, key, -key) != key) return;
  const chain = recordOf(owner) + CANCELLED_TIMERS;
  for (;;) {
    const head = loadShared(chain);
    store<i32>(address + TIMER_TASK_GENERATION, head);
    if (compareExchange(chain, head, entry + 1) == head) return;
  }
}

/** Gives back what other threads have cancelled. */
function reapCancelled(): void {
  if (loadShared(worker() + CANCELLED_TIMERS) == 0) return;
  let next = exchangeShared(worker() + CANCELLED_TIMERS, 0);
  while (next != 0) {
    const entry = next - 1;
    const address = timerAddress(entry);
    next = load<i32>(address + TIMER_TASK_GENERATION);
    if (placeOf(address) < LEVELS << SLOT_BITS) unlink(address);
    free(entry, address);
  }
}

/** Whether a timer that is due may fire: not if another thread has cancelled it. Partner: cancelRemotely. */
function claim(address: usize): bool {
  if (!ASC_FEATURE_THREADS) return true;
  const key = loadShared(address + TIMER_KEY);
  return key > 0 && compareExchange(address + TIMER_KEY, key, FIRING) == key;
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
  const key = loadShared(address + TIMER_KEY);
  if (!claim(address)) {
    setPlace(address, PLACE_NONE);
    return;
  }
  if (task == FOREIGN) {
    setPlace(address, PLACE_FOREIGN);
    // No task, so no generation: the key stands there until it is asked for.
    store<i32>(address + TIMER_TASK_GENERATION, key);
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
  if (ASC_FEATURE_THREADS) reapCancelled();
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
  const key = load<i32>(address + TIMER_TASK_GENERATION);
  set(FOREIGN_FIRED, load<i32>(address + TIMER_NEXT));
  free(head - 1, address);
  return key;
}

/** A thread has died: its timers are given back. Its tasks are lost, and nobody waits for them. */
export function freeTimersOf(dead: i32, entries: i32): void {
  exchangeShared(recordOf(dead) + CANCELLED_TIMERS, 0);
  for (let entry = 0; entry < entries; entry++) {
    if (!hasPage(TIMER_DIRECTORY, entry, TIMER_SHIFT)) continue;
    const address = timerAddress(entry);
    if (loadShared(address + TIMER_KEY) == 0 || ownerOf(address) != dead) continue;
    free(entry, address);
  }
}
