// Actors of the property tests: each follows a script of steps with the handles it is given, on whichever thread it runs, and
// leaves in shared words what has certainly happened, so that it is known of an aborted one too. A step is { op, n }.

import { threadId } from "node:worker_threads";
import { future, Pending, pollFn, select, sendable, yieldNow } from "tokiwa";

const url = import.meta.url;

let words;

/** Takes the memory that the actors of this thread report in. */
export const give = sendable(url, "give", (shared) => {
  words = shared.words;
  return threadId;
});

function drop(handle) {
  handle[Symbol.dispose]();
}

function* pause(rounds) {
  for (let round = 0; round < rounds; round++) yield* yieldNow();
}

/** Polls once and gives up: { value }, or undefined. */
function* once(waited) {
  const value = yield* pollFn((cx) => ({ value: waited.poll(cx) }));
  if (value.value !== Pending) return value;
  drop(waited);
  return undefined;
}

/** Waits for so many yields and gives up: { value }, or undefined. */
function* atMost(rounds, waited) {
  const winner = yield* select({ waited, late: future(pause, rounds) });
  return winner.branch === "waited" ? winner : undefined;
}

/** What a step that may fail with this error gives, or undefined. */
function attempt(name, action) {
  try {
    return action();
  } catch (error) {
    if (error.name !== name) throw error;
    return undefined;
  }
}

/** Where the words begin that say which actors have begun. */
const BEGUN = 40;

/** An actor: says that it has begun, so that what it has to give back is given back when it is aborted. */
function actor(name, play) {
  return sendable(url, name, function* (handles, given) {
    Atomics.store(words, BEGUN + given.index, 1);
    const script = Array.from({ length: given.repeat }, () => given.script).flat();
    return yield* play(handles, { ...given, script });
  });
}

// ── mpsc ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends [id, 0], [id, 1] …; word `id` counts what was sent for certain. */
export const sends = actor("sends", function* ({ tx }, { id, script }) {
  let sender = tx;
  let count = 0;
  const sent = () => {
    count += 1;
    Atomics.store(words, id, count);
  };
  try {
    for (const { op, n } of script) {
      if (op === "send") {
        yield* sender.send([id, count]);
        sent();
      } else if (op === "trySend") {
        const tried = attempt("TrySendError", () => {
          sender.trySend([id, count]);
          return true;
        });
        if (tried) sent();
      } else if (op === "once") {
        if (yield* once(sender.send([id, count]))) sent();
      } else if (op === "atMost") {
        if (yield* atMost(n, sender.send([id, count]))) sent();
      } else if (op === "reserve") {
        const permit = yield* sender.reserve();
        try {
          yield* pause(n);
          permit.send([id, count]);
          sent();
        } finally {
          drop(permit);
        }
      } else if (op === "giveBack") {
        const permit = yield* sender.reserve();
        try {
          yield* pause(n);
        } finally {
          drop(permit);
        }
      } else if (op === "reserveMany") {
        const permits = yield* sender.reserveMany(Math.min(n + 1, sender.maxCapacity()));
        try {
          for (let left = n; left > 0; left--) {
            const permit = permits.take();
            if (permit === undefined) break;
            permit.send([id, count]);
            sent();
            yield* pause(left % 2);
          }
        } finally {
          drop(permits);
        }
      } else if (op === "reserveOwned") {
        const permit = yield* sender.reserveOwned();
        try {
          yield* pause(n);
          sender = permit.send([id, count]);
          sent();
        } finally {
          drop(permit);
        }
      } else if (op === "clone") {
        const clone = sender.clone();
        try {
          yield* clone.send([id, count]);
          sent();
        } finally {
          drop(clone);
        }
      } else yield* pause(n);
    }
  } catch (error) {
    if (error.name !== "SendError") throw error;
  } finally {
    drop(sender);
  }
  return threadId;
});

/** Sends into an unbounded channel. */
export const pushes = actor("pushes", function* ({ tx }, { id, script }) {
  let count = 0;
  try {
    for (const { op, n } of script) {
      if (op === "pause") yield* pause(n);
      else {
        tx.send([id, count]);
        count += 1;
        Atomics.store(words, id, count);
      }
    }
  } catch (error) {
    if (error.name !== "SendError") throw error;
  } finally {
    drop(tx);
  }
  return threadId;
});

/** Follows its script, and then receives to the end; or drops the receiver before. Gives what came, and the capacity left. */
export const receives = actor("receives", function* ({ rx }, { script, drops }) {
  const values = [];
  const keep = (value) => {
    if (value === undefined) return false;
    values.push(value);
    return true;
  };
  try {
    for (const { op, n } of script) {
      if (op === "recv") keep(yield* rx.recv());
      else if (op === "recvMany") values.push(...(yield* rx.recvMany(n + 1)));
      else if (op === "tryRecv") keep(attempt("TryRecvError", () => rx.tryRecv()));
      else if (op === "once") keep((yield* once(rx.recv()))?.value);
      else if (op === "atMost") keep((yield* atMost(n, rx.recv()))?.value);
      else if (op === "manyAtMost")
        values.push(...((yield* atMost(n, rx.recvMany(2)))?.value ?? []));
      else if (op === "close") rx.close();
      else yield* pause(n);
    }
    if (drops) return { values, capacity: undefined };
    while (keep(yield* rx.recv()));
    return { values, capacity: rx.capacity(), length: rx.len() };
  } finally {
    drop(rx);
  }
});

// ── Locks ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const INSIDE = 0;
const VIOLATIONS = 1;
const DONE = 2;
const WRITERS = 3;

function violated() {
  Atomics.add(words, VIOLATIONS, 1);
}

function* holds(permit, permits, rounds) {
  const count = permit.numPermits();
  if (Atomics.add(words, INSIDE, count) + count > permits) violated();
  try {
    yield* pause(rounds);
  } finally {
    Atomics.sub(words, INSIDE, count);
    permit.release();
  }
}

/** Acquires and gives back, until the semaphore is closed; word 0 is how many permits are held by all of them, word 1 how often that were too many. */
export const acquires = actor("acquires", function* ({ semaphore }, { permits, script }) {
  try {
    yield* acquiresBy(script, semaphore, permits);
  } catch (error) {
    if (error.name !== "AcquireError") throw error;
  }
  return threadId;
});

function* acquiresBy(script, semaphore, permits) {
  for (const { op, n } of script) {
    const count = Math.min(n, permits);
    if (op === "acquire") yield* holds(yield* semaphore.acquire(count), permits, n % 3);
    else if (op === "tryAcquire") {
      const permit = attempt("TryAcquireError", () => semaphore.tryAcquire(count));
      if (permit !== undefined) yield* holds(permit, permits, n % 3);
    } else if (op === "once") {
      const got = yield* once(semaphore.acquire(count));
      if (got !== undefined) yield* holds(got.value, permits, n % 3);
    } else if (op === "atMost") {
      const got = yield* atMost(n, semaphore.acquire(count));
      if (got !== undefined) yield* holds(got.value, permits, n % 3);
    } else if (op === "split") {
      const permit = yield* semaphore.acquire(count);
      const part = permit.split(count >> 1);
      try {
        yield* pause(n % 3);
        if (n % 2 === 0) permit.merge(part);
      } finally {
        drop(permit);
        drop(part);
      }
    } else if (op === "forget") {
      const permit = yield* semaphore.acquire(count);
      permit.forget();
      semaphore.addPermits(count);
    } else if (op === "take") semaphore.addPermits(semaphore.forgetPermits(n));
    else yield* pause(n);
  }
}

function* writes(guard, rounds) {
  try {
    if (Atomics.add(words, INSIDE, 1) !== 0) violated();
    const { count } = guard.value;
    try {
      yield* pause(rounds);
    } finally {
      Atomics.sub(words, INSIDE, 1);
    }
    guard.value = { count: count + 1 };
    Atomics.add(words, DONE, 1);
  } finally {
    guard.release();
  }
}

/** Counts in the value of a mutex; word 2 counts along. */
export const locks = actor("locks", function* ({ mutex }, { script }) {
  for (const { op, n } of script) {
    if (op === "lock") yield* writes(yield* mutex.lock(), n);
    else if (op === "tryLock") {
      const guard = attempt("TryLockError", () => mutex.tryLock());
      if (guard !== undefined) yield* writes(guard, n);
    } else if (op === "once") {
      const got = yield* once(mutex.lock());
      if (got !== undefined) yield* writes(got.value, n);
    } else if (op === "atMost") {
      const got = yield* atMost(n, mutex.lock());
      if (got !== undefined) yield* writes(got.value, 1);
    } else if (op === "with")
      yield* mutex.with(function* (value) {
        yield* pause(n);
        if (Atomics.load(words, INSIDE) !== 0) violated();
        value.count += 1;
        Atomics.add(words, DONE, 1);
      });
    else yield* pause(n);
  }
  return threadId;
});

function* reads(guard, rounds) {
  Atomics.add(words, INSIDE, 1);
  try {
    if (Atomics.load(words, WRITERS) !== 0) violated();
    const { count } = guard.value;
    yield* pause(rounds);
    if (guard.value.count !== count) violated();
  } finally {
    Atomics.sub(words, INSIDE, 1);
    guard.release();
  }
}

function* writesAlone(guard, rounds, downgrades) {
  let held = guard;
  try {
    if (Atomics.add(words, WRITERS, 1) !== 0) violated();
    if (Atomics.load(words, INSIDE) !== 0) violated();
    const { count } = guard.value;
    try {
      yield* pause(rounds);
      guard.value = { count: count + 1 };
      Atomics.add(words, DONE, 1);
    } finally {
      Atomics.sub(words, WRITERS, 1);
    }
    if (downgrades) {
      held = guard.downgrade();
      yield* reads(held, rounds);
    }
  } finally {
    held.release();
  }
}

/** Reads and writes the value of an RwLock. */
export const readsAndWrites = actor("readsAndWrites", function* ({ lock }, { script }) {
  for (const { op, n } of script) {
    if (op === "read") yield* reads(yield* lock.read(), n);
    else if (op === "write") yield* writesAlone(yield* lock.write(), n, false);
    else if (op === "downgrade") yield* writesAlone(yield* lock.write(), n, true);
    else if (op === "tryRead") {
      const guard = attempt("TryLockError", () => lock.tryRead());
      if (guard !== undefined) yield* reads(guard, n);
    } else if (op === "tryWrite") {
      const guard = attempt("TryLockError", () => lock.tryWrite());
      if (guard !== undefined) yield* writesAlone(guard, n, false);
    } else if (op === "readOnce") {
      const got = yield* once(lock.read());
      if (got !== undefined) yield* reads(got.value, n);
    } else if (op === "writeAtMost") {
      const got = yield* atMost(n, lock.write());
      if (got !== undefined) yield* writesAlone(got.value, 1, false);
    } else yield* pause(n);
  }
  return threadId;
});

// ── Lines ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const JOINED = 0;
const SERVED = 1;

/** Polls, and says that it stands in the line once it has been polled. */
function* joins(waited) {
  let joined = false;
  return yield* pollFn((cx) => {
    const result = waited.poll(cx);
    if (!joined) Atomics.add(words, JOINED, 1);
    joined = true;
    return result;
  });
}

/** Stands in a line, and says when it was served; goes on holding until then. */
export const stands = actor("stands", function* ({ waits }, { how, count, place }) {
  const waited =
    how === "acquire" ? waits.acquire(count) : how === "send" ? waits.send(place) : waits[how]();
  try {
    const got = yield* joins(waited);
    try {
      Atomics.store(words, 2 + place, Atomics.add(words, SERVED, 1) + 1);
    } finally {
      if (how === "acquire") got.forget();
      else if (how !== "send") drop(got);
    }
  } finally {
    drop(waited);
    if (how === "send") drop(waits);
  }
});

// ── Notify ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const ITEMS = 0;
const TAKEN = 1;
const CLOSED = 2;

function takeItem() {
  for (let items = Atomics.load(words, ITEMS); items > 0; items = Atomics.load(words, ITEMS))
    if (Atomics.compareExchange(words, ITEMS, items, items - 1) === items) {
      Atomics.add(words, TAKEN, 1);
      return true;
    }
  return false;
}

/** Puts items and notifies, one for one. */
export const produces = actor("produces", function* ({ notify }, { script }) {
  for (const { op, n } of script) {
    if (op === "pause") yield* pause(n);
    else {
      Atomics.add(words, ITEMS, 1);
      if (op === "last") notify.notifyLast();
      else if (op === "all") notify.notifyWaiters();
      else notify.notifyOne();
      // A broadcast stores nothing, so what nobody heard of is told once more.
      if (op === "all") notify.notifyOne();
    }
  }
  return threadId;
});

/** Takes items until the end, or until it leaves; waits for a notification when there is none. */
export const consumes = actor("consumes", function* ({ notify }, { script, stays }) {
  for (let round = 0; ; round++) {
    const { op, n } = script[round % script.length];
    const notified = notify.notified();
    try {
      if (op !== "late") notified.enable();
      if (takeItem()) continue;
      if (Atomics.load(words, CLOSED) !== 0) return threadId;
      if (op === "once" && (yield* once(notify.notified()))) continue;
      if (op === "atMost") yield* atMost(n + 1, notified);
      else if (op === "leave" && !stays) {
        // Chosen and not looked at, the notification has to go on to another.
        if (!(yield* atMost(n + 1, notified))) return threadId;
      } else yield* notified;
    } finally {
      drop(notified);
    }
  }
});

// ── broadcast and watch ────────────────────────────────────────────────────────────────────────────────────────────────

/** Broadcasts [id, 0], [id, 1] …; word `id` counts. */
export const broadcasts = actor("broadcasts", function* ({ tx }, { id, script }) {
  let count = 0;
  try {
    for (const { op, n } of script) {
      if (op === "pause") yield* pause(n);
      else {
        tx.send([id, count]);
        count += 1;
        Atomics.store(words, id, count);
      }
    }
  } finally {
    drop(tx);
  }
  return threadId;
});

/** Receives to the end, or until it leaves; what it has skipped counts. */
export const listens = actor("listens", function* ({ rx }, { script }) {
  const values = [];
  let skipped = 0;
  try {
    for (let round = 0; ; round++) {
      const { op, n } = script[round % script.length];
      try {
        if (op === "leave") return undefined;
        if (op === "pause") yield* pause(n);
        else if (op === "once") {
          const got = yield* once(rx.recv());
          if (got !== undefined) values.push(got.value);
        } else if (op === "atMost") {
          const got = yield* atMost(n, rx.recv());
          if (got !== undefined) values.push(got.value);
        } else if (op === "tryRecv") {
          const value = attempt("TryRecvError", () => rx.tryRecv());
          if (value !== undefined) values.push(value);
        } else values.push(yield* rx.recv());
        if (round % script.length === script.length - 1) values.push(yield* rx.recv());
      } catch (error) {
        if (error.name === "LaggedError") skipped += error.skipped;
        else if (error.name === "RecvError") return { values, skipped };
        else throw error;
      }
    }
  } finally {
    drop(rx);
  }
});

/** Sets [id, 1], [id, 2] …. */
export const sets = actor("sets", function* ({ tx }, { id, script }) {
  let count = 0;
  try {
    for (const { op, n } of script) {
      if (op === "pause") {
        yield* pause(n);
        continue;
      }
      count += 1;
      const value = [id, count];
      if (op === "ifModified") {
        const changes = n % 2 === 1;
        const changed = tx.sendIfModified((slot) => {
          if (changes) slot.value = value;
          return changes;
        });
        if (changed !== changes) throw new Error(`modified: ${changed}, not ${changes}`);
        if (!changed) count -= 1;
      } else if (op === "modify")
        tx.sendModify((slot) => {
          slot.value = value;
        });
      else if (op === "replace") tx.sendReplace(value);
      else tx.send(value);
      Atomics.store(words, id, count);
    }
  } finally {
    drop(tx);
  }
  return threadId;
});

/** Sees what it can until the channel is closed, or it leaves; the last thing it sees is the last value. */
export const watches = actor("watches", function* ({ rx }, { script }) {
  const seen = [];
  try {
    for (let round = 0; ; round++) {
      const { op, n } = script[round % script.length];
      try {
        if (op === "leave") return undefined;
        if (op === "pause") yield* pause(n);
        else if (op === "once") yield* once(rx.changed());
        else if (op === "atMost") yield* atMost(n, rx.changed());
        else if (op === "waitFor") seen.push(yield* rx.waitFor(([, count]) => count > n));
        yield* rx.changed();
        seen.push(rx.borrowAndUpdate());
      } catch (error) {
        if (error.name !== "RecvError") throw error;
        seen.push(rx.borrow());
        return seen;
      }
    }
  } finally {
    drop(rx);
  }
});

// ── oneshot ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends, or drops, each of its senders; how each of them ended. Word i says that the sender with that number has sent. */
export const answers = actor("answers", function* ({ senders }, { script }) {
  const ends = [];
  try {
    for (const [index, tx] of senders.entries()) {
      const { op, n } = script[index % script.length];
      if (op === "late") yield* pause(n);
      if (op === "drop") {
        drop(tx);
        ends.push("dropped");
      } else {
        if (op === "closed") yield* atMost(n, tx.closed());
        const sent = attempt("SendError", () => {
          tx.send(index);
          return true;
        });
        if (sent) Atomics.store(words, index, 1);
        ends.push(sent ? "sent" : "refused");
      }
    }
    return ends;
  } finally {
    for (const tx of senders) drop(tx);
  }
});

/** Receives, or gives up, each of its receivers; how each of them ended. */
export const asks = actor("asks", function* ({ receivers }, { script }) {
  const ends = [];
  try {
    for (const [index, rx] of receivers.entries()) {
      const { op, n } = script[index % script.length];
      try {
        if (op === "late") yield* pause(n);
        if (op === "drop") {
          drop(rx);
          ends.push("dropped");
          continue;
        }
        if (op === "close") {
          rx.close();
          const value = attempt("TryRecvError", () => rx.tryRecv());
          ends.push(value === undefined ? "nothing" : value);
          continue;
        }
        ends.push(yield* rx);
      } catch (error) {
        if (error.name !== "RecvError") throw error;
        ends.push("nothing");
      }
    }
    return ends;
  } finally {
    for (const rx of receivers) drop(rx);
  }
});

// ── Barrier, OnceCell, SetOnce ─────────────────────────────────────────────────────────────────────────────────────────

/** Meets the others once for each step; word 2n counts who came to round n, word 2n + 1 its leaders. */
export const meets = actor("meets", function* ({ barrier }, { script, count }) {
  let early = 0;
  for (const [round, { n }] of script.entries()) {
    yield* pause(n);
    Atomics.add(words, 2 * round, 1);
    const { isLeader } = yield* barrier.wait();
    if (Atomics.load(words, 2 * round) !== count) early += 1;
    if (isLeader) Atomics.add(words, 2 * round + 1, 1);
  }
  return early;
});

const ARRIVED = 0;
const LEADERS = 1;

function* arrives(barrier) {
  const waited = barrier.wait();
  let counted = false;
  try {
    const { isLeader } = yield* pollFn((cx) => {
      if (!counted) Atomics.add(words, ARRIVED, 1);
      counted = true;
      return waited.poll(cx);
    });
    if (isLeader) Atomics.add(words, LEADERS, 1);
  } finally {
    drop(waited);
  }
}

/** Comes to a barrier, and may give up waiting: it has come all the same. Word 0 counts who came, word 1 leaders. */
export const comesAndGoes = actor("comesAndGoes", function* ({ barrier }, { script }) {
  for (const { op, n } of script) {
    if (op === "once") yield* once(future(arrives, barrier));
    else if (op === "atMost") yield* atMost(n, future(arrives, barrier));
    else if (op === "meet") yield* arrives(barrier);
    else yield* pause(n);
  }
});

/** Initializes a cell if it is its turn; what it got of the cell, or of its own failure. */
export const initializes = actor("initializes", function* ({ cell }, { id, script }) {
  const seen = [];
  for (const { op, n } of script) {
    const init = cell.getOrInit(function* () {
      if (Atomics.add(words, INSIDE, 1) !== 0) violated();
      try {
        yield* pause(n);
      } finally {
        Atomics.sub(words, INSIDE, 1);
      }
      if (op === "fail") throw new Error("meant to fail");
      Atomics.add(words, DONE, 1);
      return { id };
    });
    try {
      if (op === "once") seen.push((yield* once(init))?.value);
      else if (op === "atMost") seen.push((yield* atMost(n, init))?.value);
      else seen.push(yield* init);
    } catch (error) {
      if (error.message !== "meant to fail") throw error;
    }
  }
  return seen.filter((value) => value !== undefined);
});

/** Sets a SetOnce, or waits for it; what it saw. */
export const setsOrWaits = actor("setsOrWaits", function* ({ cell }, { id, script }) {
  const seen = [];
  for (const { op, n } of script) {
    if (op === "set") {
      const set = attempt("SetError", () => {
        cell.set({ id });
        return true;
      });
      if (set) Atomics.add(words, DONE, 1);
      seen.push(cell.get());
    } else if (op === "once") seen.push((yield* once(cell.wait()))?.value);
    else if (op === "atMost") seen.push((yield* atMost(n, cell.wait()))?.value);
    else yield* pause(n);
  }
  seen.push(yield* cell.wait());
  return seen.filter((value) => value !== undefined);
});
