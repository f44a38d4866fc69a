// Driving a scheduler on the host's event loop.
//
// E1  The scheduler gets turns only while there is an open wait, a `run` or an `await` from outside; one that is always served
//     also gets them without, and then nothing here keeps the process alive.
// E2  Outside of a turn at most one of these is pending: the next turn, or one host timer for the next deadline. All sleeps
//     share that timer.
// E3  `asleep` is true exactly when a wake has to ask for a turn: somebody waits, no turn is under way and none requested.
// E4  Paused, the clock moves only when nothing is runnable; if promises or I/O are under way the event loop first gets
//     one turn to finish them, as Tokio polls its driver once before it moves the clock.
// E5  Before a thread blocks, its event loop has had a turn in which nothing was polled.
// E6  A deterministic runtime with a `run` open is stuck when nothing is ready, no timer is set, nothing of the host's is under
//     way, and no other runtime of this thread could do anything. If that is still so after some turns of the event loop, in
//     which promises and callbacks that were on their way have come, whoever waits gets a DeadlockError.

import type { HostTimer } from "../../host/types.js";
import { DeadlockError } from "../errors.js";
import type { AsyncCell } from "../task/async-cell.js";
import type { TaskCell } from "../task/cell.js";
import { advanceToNextTimer, type Turns } from "./turns.js";
import { type OpenWait, PromiseWait } from "./waits.js";

/** How many turns the event loop has before a runtime is taken for stuck (E6): enough for a chain of a few `setImmediate`s. */
const GRACE_TURNS = 10;

/** The event loops of this thread that are served. What runs on one may wake what waits on another. */
const served = new Set<EventLoop>();

export class EventLoop {
  private readonly turns: Turns;
  private readonly waits = new Set<OpenWait>();
  /** Those of them that are a `run`. */
  private readonly runs = new Set<OpenWait>();
  /** Turns of the event loop that are left before this one is taken for stuck; -1: it is not suspected. */
  private graceLeft = -1;
  /** Whether the tasks of a loop that was taken for stuck are being asked where they stand, or have been. */
  private asked: "no" | "asking" | "yes" = "no";
  private asleep = false;
  private requested = false;
  private timer: HostTimer | undefined;
  private timerTick = 0;
  /** The poll count at which the event loop was last given a turn instead of moving a paused clock (E4). */
  private graceAt = -1;
  /** The poll count at which the event loop was last given a turn before blocking (E5). */
  private breathAt = -1;
  private forgetIdleExit: (() => void) | undefined;
  private release: (() => void) | undefined;

  private readonly onTurn = (): void => {
    this.requested = false;
    this.takeTurn();
  };

  private readonly onTimer = (): void => {
    this.timer = undefined;
    this.takeTurn();
  };

  private readonly isUnserved = (): boolean => this.waits.size === 0 && !this.turns.alwaysServed;

  private readonly removeWait = (wait: OpenWait): void => {
    this.waits.delete(wait);
    this.runs.delete(wait);
    if (this.waits.size > 0) return;
    // The turn under way has nobody left to serve.
    if (this.turns.isPolling()) this.turns.core.interrupt();
    this.rest();
  };

  constructor(turns: Turns) {
    this.turns = turns;
  }

  /**
   * A promise of what `take` gives, or throws, when the task has ended.
   *
   * @param parent the async function that awaits it: the promise rejects when that is aborted.
   * @param abandoned called then.
   * @param isRun whether it is a `run`, which must not wait for what can never come.
   */
  promiseFor<T>(
    cell: TaskCell<unknown>,
    take: () => T,
    parent?: AsyncCell<unknown>,
    abandoned?: () => void,
    isRun?: boolean,
  ): Promise<T> {
    const wait = new PromiseWait(cell, take, this.removeWait, parent, abandoned);
    if (cell.isFinished()) {
      wait.wake();
      return wait.promise;
    }
    cell.addWaiter(wait);
    if (isRun === true) this.runs.add(wait);
    this.addWait(wait);
    return wait.promise;
  }

  /** Somebody waits for something that only turns can bring; until {@link endWait}. */
  addWait(wait: OpenWait): void {
    this.waits.add(wait);
    served.add(this);
    this.holdProcess();
    if (!this.turns.isPolling()) this.request();
  }

  /** Whoever waits for another thread keeps the process alive: nothing on this event loop does. */
  private holdProcess(): void {
    if (this.waits.size > 0 && this.turns.hasOtherThreads()) {
      this.release ??= this.turns.host.keepAlive();
    } else {
      this.release?.();
      this.release = undefined;
    }
  }

  endWait(wait: OpenWait): void {
    if (this.waits.has(wait)) this.removeWait(wait);
  }

  /** A task may have become ready outside of a turn. */
  poke(): void {
    if (this.asleep) this.request();
  }

  /** A turn is under way, whoever took it: wakes need not ask for one. */
  beginTurn(): void {
    this.asleep = false;
  }

  /** No turn is under way. */
  rest(): void {
    this.asleep = !this.isUnserved() && !this.turns.isPolling() && !this.requested;
    if (this.waits.size > 0) return;
    if (this.asked !== "no") this.forgetAsking();
    if (!this.turns.alwaysServed) {
      this.disarm();
      this.leave();
    }
    this.forgetIdleExit?.();
    this.forgetIdleExit = undefined;
    this.holdProcess();
  }

  /** Turns are given from here on, where they are given always. */
  start(): void {
    if (this.isUnserved()) return;
    served.add(this);
    this.request();
  }

  /** Nobody is served here any more. */
  leave(): void {
    if (served.delete(this)) this.suspectOthers();
  }

  /** Who was not taken for stuck because of this one may be now. */
  private suspectOthers(): void {
    for (const other of served) if (other !== this) other.suspect();
  }

  /** No more turns. */
  stop(): void {
    this.asleep = false;
    this.disarm();
  }

  /** Another thread has something for this one. */
  wake(): void {
    if (!this.requested) this.takeTurn();
  }

  /** Somebody else drove, and has stopped: the waits that are open, old and new, are served from here. */
  resume(): void {
    if (!this.isUnserved() && !this.turns.isPolling()) this.request();
    else this.rest();
  }

  private request(): void {
    this.asleep = false;
    if (this.requested) return;
    this.requested = true;
    this.turns.host.defer(this.onTurn);
  }

  private takeTurn(): void {
    if (this.isUnserved() || this.turns.isPolling()) return;
    do {
      if (this.asked === "yes") this.forgetAsking();
      this.turns.unpark();
      const end = this.turns.turn(undefined, this.isUnserved);
      if (this.isUnserved()) {
        this.rest();
        return;
      }
      if (end === "busy") {
        this.request();
        return;
      }
    } while (this.sleep());
  }

  /** True when the thread has slept here and is awake again; false when its event loop goes on. */
  private sleep(): boolean {
    const { core, clock, host } = this.turns;
    if (this.asked === "asking") this.asked = "yes";
    this.turns.park();
    // The park hook woke or spawned something: Tokio's #8212, a park that must not sleep.
    if (core.ready()) {
      this.request();
      return false;
    }
    if (this.turns.mayBlock()) return this.blockOrBreathe();
    if (!this.turns.beginSleep()) {
      this.request();
      return false;
    }
    if (clock.isPaused()) this.sleepPaused();
    else this.armTimer();
    this.rest();
    this.suspect();
    if (served.size > 1 && this.canDoNothing()) this.suspectOthers();
    this.holdProcess();
    if (this.waits.size > 0 && this.release === undefined)
      this.forgetIdleExit ??= host.onIdleExit(() => this.nothingLeft());
    return false;
  }

  /** Whether nothing was polled since the event loop had a turn (E5). */
  hasBreathed(): boolean {
    return this.breathAt === this.turns.core.pollCount();
  }

  /** E5. */
  private blockOrBreathe(): boolean {
    const { core, clock } = this.turns;
    if (!this.hasBreathed()) {
      this.breathAt = core.pollCount();
      this.request();
      return false;
    }
    this.disarm();
    const tick = core.nextExpiryBound();
    this.turns.block(tick < 0 ? undefined : Math.max(0, clock.timeOf(tick) - clock.now()));
    return true;
  }

  /** E4. */
  private sleepPaused(): void {
    const { core } = this.turns;
    if (core.nextExpiryBound() < 0 || this.turns.holdsClock()) return;
    // Whatever was polled since the last such turn may have begun something new for the event loop to finish.
    const polls = core.pollCount();
    if (this.turns.isHostBusy() && this.graceAt !== polls) this.graceAt = polls;
    else advanceToNextTimer(this.turns);
    this.request();
  }

  /** E6: begins to count, unless it counts already. */
  private suspect(): void {
    if (!this.turns.detectsDeadlocks || !this.seemsStuck() || !this.othersSeemStuck()) return;
    const counts = this.graceLeft >= 0;
    this.graceLeft = GRACE_TURNS;
    if (!counts) this.turns.host.defer(this.onGraceTurn);
  }

  private readonly onGraceTurn = (): void => {
    this.graceLeft -= 1;
    if (!this.seemsStuck() || !this.othersSeemStuck()) this.graceLeft = -1;
    else if (this.graceLeft >= 0) this.turns.host.defer(this.onGraceTurn);
    else this.nothingLeft();
  };

  /** Nothing in sight could wake anything here, but for another runtime of this thread. */
  private seemsStuck(): boolean {
    const { turns } = this;
    if (this.runs.size === 0 || !this.asleep || turns.core.nextExpiryBound() >= 0) return false;
    return !turns.isHostBusy() && !turns.hasOtherThreads();
  }

  private othersSeemStuck(): boolean {
    for (const other of served) if (other !== this && !other.canDoNothing()) return false;
    return true;
  }

  /** Nobody waits here and no task is alive, as when a blocking pool is idle; or whoever waits waits in vain. */
  private canDoNothing(): boolean {
    if (this.waits.size === 0) return this.turns.core.aliveTasks() === 0;
    return this.turns.detectsDeadlocks && this.seemsStuck();
  }

  private armTimer(): void {
    const { core, clock, host } = this.turns;
    const tick = core.nextExpiryBound();
    if (tick < 0) {
      this.disarm();
      return;
    }
    // A timer that rings early costs an empty turn; setting one costs more, so one that is early enough is kept.
    if (this.timer !== undefined && this.timerTick <= tick) return;
    this.disarm();
    this.timerTick = tick;
    const delay = Math.max(1, Math.ceil(clock.timeOf(tick) - clock.now()));
    this.timer =
      this.waits.size === 0 || this.turns.hasOtherThreads()
        ? host.setBackgroundTimer(this.onTimer, delay)
        : host.setTimer(this.onTimer, delay);
  }

  private disarm(): void {
    if (this.timer !== undefined) this.turns.host.clearTimer(this.timer);
    this.timer = undefined;
  }

  /** Promises of ours are open, and nothing can settle them any more. */
  private nothingLeft(): void {
    if (this.turns.askTasks()) {
      this.asked = "asking";
      return;
    }
    const error = new DeadlockError(this.turns.waitingTasks());
    for (const wait of [...this.waits]) wait.abandon(error);
    this.forgetAsking();
  }

  /** It was stuck and that is told, or it was not: nothing more is noted for reports. */
  private forgetAsking(): void {
    this.asked = "no";
    this.turns.forgetStops();
  }
}
