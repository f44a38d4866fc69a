// Runtimes that this thread takes part in as a caller because it was sent a handle of them: a worker of one runtime that
// spawns onto another. What is spawned through the handle runs there, and its end comes back here.
//
// A runtime has no port to such a thread, so only what can be bytes goes to and fro; what needs a port is refused.
//
// A1  Who has started this thread is told of the part before its memory is used, and clears up there too when the thread has ended. The
//     same is done for a runtime that this thread builds (pool.ts).

import { host } from "#host";
import { SendError } from "../../../send/errors.js";
import { claimCallerRecord, MOST_THREADS, ROLE_CALLER } from "../../core/binding.js";
import { defaultOptions } from "../../defaults.js";
import { LimitError } from "../../errors.js";
import type { RuntimeMetrics } from "../../metrics.js";
import { forget, partOf, remember, threadKeeper } from "./attached.js";
import type { Membership } from "./membership.js";
import { LOOK_AROUND_MS, MultiThread, type ThreadDuties } from "./multi-thread.js";
import { poolMetrics } from "./pool-metrics.js";

class Guest implements ThreadDuties {
  private scheduler: MultiThread | undefined;

  attach(scheduler: MultiThread): void {
    this.scheduler = scheduler;
  }

  beforeTurn(): void {}

  afterBlocking(): void {}

  mostBlockedMs(): number {
    return LOOK_AROUND_MS;
  }

  beforeSpawn(): void {}

  hasOtherThreads(): boolean {
    return true;
  }

  beside(membership: Membership): MultiThread {
    return attachBeside(membership);
  }

  send(): never {
    throw new SendError(
      "arguments",
      undefined,
      "need a port, and there is none between a runtime and a thread that only has its handle: send what can be bytes, of at most a megabyte",
    );
  }

  /** As if it went to a worker, so that `send` refuses it. */
  chooseWorker(): number {
    return 0;
  }

  request(): void {}

  receive(): void {}

  idled(): void {}

  finished(): void {
    if (this.scheduler === undefined) return;
    forget(this.scheduler);
    const { membership, thread } = this.scheduler;
    threadKeeper()?.leaves(membership.id, thread);
  }

  metrics(): RuntimeMetrics {
    const scheduler = this.scheduler as MultiThread;
    return poolMetrics(scheduler.core, scheduler, scheduler.core.workerCount(), () => 0);
  }
}

/** This thread's part of a runtime; made if it has none yet. @throws {LimitError} when too many threads use the runtime. */
export function attach(membership: Membership): MultiThread {
  const known = partOf(membership.id);
  if (known !== undefined) return known as MultiThread;
  const scheduler = newGuest(membership);
  remember(scheduler);
  return scheduler;
}

/** By the runtime's id: parts beside this thread's own one, for blocking inside of its turns. */
const beside = new Map<string, MultiThread>();

/** A part that has no turn under way. @throws {LimitError} when too many threads use the runtime. */
export function attachBeside(membership: Membership): MultiThread {
  const known = beside.get(membership.id);
  if (known !== undefined && !known.isPolling()) return known;
  const scheduler = newGuest(membership);
  beside.set(membership.id, scheduler);
  return scheduler;
}

function newGuest(membership: Membership): MultiThread {
  const thread = claimCallerRecord(membership.shared);
  if (thread < 0) throw new LimitError("thread", MOST_THREADS);
  threadKeeper()?.joins({ membership, record: thread });
  const guest = new Guest();
  const options = { ...defaultOptions(), ...membership.settings, host };
  const scheduler = new MultiThread(options, membership, thread, ROLE_CALLER, guest);
  guest.attach(scheduler);
  scheduler.start();
  return scheduler;
}
