// JoinSet: tasks that belong together, taken in the order in which they end.

import type { AsyncContext, Coroutine, CoroutineFunction, Future } from "../future/index.js";
import type { AbortHandle } from "../runtime/task/join-handle.js";
import type { TaskOptions } from "./builder.js";
import { type JoinResult, resultOf, TaskCollection } from "./collection.js";
import { JoinAll } from "./join-all.js";
import { type Member, MemberList } from "./members.js";
import {
  type BlockingSpawner,
  type Boundary,
  type SpawnBlockingInto,
  type Spawner,
  type SpawnInto,
  spawnersInto,
  startBuilt,
  startHere,
} from "./spawn-into.js";

/** What is spawned without arguments. */
export type Spawnable<T> =
  | Future<T>
  | Coroutine<T>
  | CoroutineFunction<readonly [], T>
  | ((context: AsyncContext) => PromiseLike<T>);

/**
 * Tasks that all give a `T`. Results are taken in the order in which the tasks end; disposing the set aborts those that have
 * not ended: `using set = new JoinSet<number>()`.
 *
 * Members are in one of two lists, those that run and those that have ended, and the end of a task moves it from one to the
 * other: so `joinNext` costs the same for ten tasks and for a million. (The idea is Tokio's IdleNotifiedSet.)
 */
export class JoinSet<T = unknown> extends TaskCollection<JoinResult<T>> {
  private readonly running = new MemberList();
  private readonly ended = new MemberList();

  /**
   * Spawns a task into the set; as the function `spawn`.
   *
   * @returns a handle that can abort it. Its value comes from `joinNext`.
   * @throws {DisposedCollectionError} once the set is disposed, and what `spawn` throws.
   */
  readonly spawn: SpawnInto<T, AbortHandle>;
  /** The same on another runtime: `set.spawnOn(handle, worker, 1)`, where `handle` is a `Handle` or a `Runtime`. */
  readonly spawnOn: SpawnInto<T, AbortHandle, [spawner: Spawner]>;
  /** The same on the blocking pool; as the function `spawnBlocking`. */
  readonly spawnBlocking: SpawnBlockingInto<T, AbortHandle>;
  /** The same on the blocking pool of another runtime. */
  readonly spawnBlockingOn: SpawnBlockingInto<T, AbortHandle, [spawner: BlockingSpawner]>;

  constructor() {
    super("JoinSet");
    const spawners = spawnersInto<T, AbortHandle>(
      "JoinSet.spawn",
      () => this.assertUsable(),
      (cell) => this.add(cell),
    );
    this.spawn = spawners.spawn;
    this.spawnOn = spawners.spawnOn;
    this.spawnBlocking = spawners.spawnBlocking;
    this.spawnBlockingOn = spawners.spawnBlockingOn;
  }

  /**
   * A set of tasks for all of `tasks`, spawned in their order.
   *
   * @param tasks coroutine functions and async functions without arguments of their own, futures, coroutines that have not run.
   * @throws what {@link extend} throws; what was spawned by then is aborted.
   */
  static from<T>(tasks: Iterable<Spawnable<T>>): JoinSet<T> {
    const set = new JoinSet<T>();
    try {
      set.addAll(tasks, JoinSet.from);
      return set;
    } catch (error) {
      set[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Spawns a task for each of `tasks`; as {@link spawn}. If one of them is refused, those before it are in the set.
   *
   * @throws {DisposedCollectionError} once the set is disposed, and what `spawn` throws.
   */
  extend(tasks: Iterable<Spawnable<T>>): void {
    this.addAll(tasks, this.extend);
  }

  /** @param boundary what the program has called, for where the tasks were spawned. */
  private addAll(tasks: Iterable<Spawnable<T>>, boundary: Boundary): void {
    for (const task of tasks) {
      this.assertUsable();
      this.add(startHere("JoinSet.extend", boundary, task, []));
    }
  }

  /**
   * Settings for one task: `set.buildTask({ name: "resize", signal }).spawn(worker, 1)`.
   *
   * @throws {InvalidArgumentError} (from the spawn) for the settings that `taskBuilder` refuses.
   */
  buildTask(options: TaskOptions): { readonly spawn: SpawnInto<T, AbortHandle> } {
    const spawn = (target: unknown, ...args: unknown[]): AbortHandle => {
      this.assertUsable();
      return this.add(startBuilt(options, spawn, target, args));
    };
    return { spawn: spawn as SpawnInto<T, AbortHandle> };
  }

  /**
   * Waits for all tasks, and gives their values in the order in which they ended. From its first poll on the tasks are its own:
   * dropping it aborts them. Not cancel-safe.
   *
   * @throws (from the poll) what a task threw; a {@link JoinError} for one that was aborted or lost. The others are aborted then,
   *   and the set is empty.
   */
  joinAll(): Future<T[]> {
    return new JoinAll(this);
  }

  /** @internal */
  override memberEnded(member: Member): void {
    this.running.remove(member);
    this.ended.push(member);
    this.wakeWaiting();
  }

  protected override place(member: Member): void {
    this.running.push(member);
  }

  protected override nextEnded(): Member | undefined {
    return this.ended.first();
  }

  protected override members(): Member[] {
    return [...this.ended.toArray(), ...this.running.toArray()];
  }

  protected override resultFor(member: Member): JoinResult<T> {
    return resultOf(member.cell);
  }
}
