// Driving a scheduler on the host's event loop.
//
// E1  The scheduler gets turns only while there is an open wait: a `run`, or an `await` from outside.
// E2  Outside of a turn at most one of these is pending: the next turn, or one host timer for the next deadline. All sleeps
//     share that timer.
// E3  `asleep` is true exactly when a wake has to ask for a turn: somebody waits, no turn is under way and none requested.
// E4  Paused, the clock moves only when nothing is runnable; if promises or I/O are under way the event loop first gets
//     one turn to finish them, as Tokio polls its driver once before it moves the clock.

import type { HostTimer } from "../../host/types.js";
import { DeadlockError } from "../errors.js";
import type { AsyncCell } from "../task/async-cell.js";
import type { TaskCell } from "../task/cell.js";
import { advanceToNextTimer, type Turns } from "./turns.js";
import { type OpenWait, PromiseWait } from "./waits.js";

export class EventLoop {
  private readonly turns: Turns;
  private readonly waits = new Set<OpenWait>();
  private asleep = false;
  private requested = false;
  private timer: HostTimer | undefined;
  private timerTick = 0;
  /** The poll count at which the event loop was last given a turn instead of moving a paused clock (E4). */
  private graceAt = -1;
  private forgetIdleExit: (() => void) | undefined;

  private readonly onTurn = (): void => {
    this.requested = false;
    this.takeTurn();
  };

  private readonly onTimer = (): void => {
    this.timer = undefined;
    this.takeTurn();
  };

  private readonly isUnwatched = (): boolean => this.waits.size === 0;

  private readonly release = (wait: OpenWait): void => {
    this.waits.delete(wait);
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
   */
  promiseFor<T>(
    cell: TaskCell<unknown>,
    take: () => T,
    parent?: AsyncCell<unknown>,
    abandoned?: () => void,
  ): Promise<T> {
    const wait = new PromiseWait(cell, take, this.release, parent, abandoned);
    if (cell.isFinished()) {
      wait.wake();
      return wait.promise;
    }
    cell.addWaiter(wait);
    this.waits.add(wait);
    if (!this.turns.isPolling()) this.request();
    return wait.promise;
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
    this.asleep = this.waits.size > 0 && !this.turns.isPolling() && !this.requested;
    if (this.waits.size > 0) return;
    this.disarm();
    this.forgetIdleExit?.();
    this.forgetIdleExit = undefined;
  }

  /** Somebody else drove, and has stopped: the waits that are open, old and new, are served from here. */
  resume(): void {
    if (this.waits.size > 0 && !this.turns.isPolling()) this.request();
    else this.rest();
  }

  private request(): void {
    this.asleep = false;
    if (this.requested) return;
    this.requested = true;
    this.turns.host.defer(this.onTurn);
  }

  private takeTurn(): void {
    if (this.waits.size === 0 || this.turns.isPolling()) return;
    this.turns.unpark();
    const end = this.turns.turn(undefined, this.isUnwatched);
    if (this.waits.size === 0) this.rest();
    else if (end === "busy") this.request();
    else this.sleep();
  }

  private sleep(): void {
    const { core, clock, host } = this.turns;
    this.turns.park();
    // The park hook woke or spawned something: Tokio's #8212, a park that must not sleep.
    if (core.ready()) {
      this.request();
      return;
    }
    if (clock.isPaused()) this.sleepPaused();
    else this.armTimer();
    this.rest();
    this.forgetIdleExit ??= host.onIdleExit(() => this.nothingLeft());
  }

  /** E4. */
  private sleepPaused(): void {
    const { core } = this.turns;
    if (core.nextExpiryBound() < 0) return;
    // Whatever was polled since the last such turn may have begun something new for the event loop to finish.
    const polls = core.pollCount();
    if (this.turns.isHostBusy() && this.graceAt !== polls) this.graceAt = polls;
    else advanceToNextTimer(this.turns);
    this.request();
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
    const delay = clock.timeOf(tick) - clock.now();
    this.timer = host.setTimer(this.onTimer, Math.max(1, Math.ceil(delay)));
  }

  private disarm(): void {
    if (this.timer !== undefined) this.turns.host.clearTimer(this.timer);
    this.timer = undefined;
  }

  /** The process would end although promises of ours are open: nothing can settle them any more. */
  private nothingLeft(): void {
    const error = new DeadlockError(this.turns.describeWaiting());
    for (const wait of [...this.waits]) wait.abandon(error);
  }
}
