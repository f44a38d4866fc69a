// JoinMap: tasks by key, taken in the order in which they end.

import type { TaskCell } from "../runtime/task/cell.js";
import type { AbortHandle } from "../runtime/task/join-handle.js";
import { type JoinResult, resultOf, TaskCollection } from "./collection.js";
import { type Member, MemberList } from "./members.js";
import {
  type BlockingSpawner,
  type SpawnBlockingInto,
  type Spawner,
  type SpawnInto,
  startBlocking,
  startBlockingOn,
  startHere,
  startOn,
} from "./spawn-into.js";

/** How the task of a key has ended. */
export type JoinMapResult<K, V> = { readonly key: K } & JoinResult<V>;

/**
 * A JoinSet whose tasks have keys; keys are the same when a `Map` holds them to be. Spawning under a key that is taken aborts the
 * task that has it and forgets it: no result of it comes.
 */
export class JoinMap<K, V = unknown> extends TaskCollection<JoinMapResult<K, V>> {
  private readonly byKey = new Map<K, Member>();
  private readonly ended = new MemberList();
  private readonly running = new MemberList();

  /**
   * Spawns a task under a key: `map.spawn("a", worker, 1)`.
   *
   * @returns a handle that can abort it.
   * @throws {DisposedCollectionError} once the map is disposed, and what `spawn` throws; the key's task then stays.
   */
  readonly spawn: SpawnInto<V, AbortHandle, [key: K]>;
  /** The same on another runtime: `map.spawnOn(handle, "a", worker, 1)`. */
  readonly spawnOn: SpawnInto<V, AbortHandle, [spawner: Spawner, key: K]>;
  /** The same on the blocking pool. */
  readonly spawnBlocking: SpawnBlockingInto<V, AbortHandle, [key: K]>;
  /** The same on the blocking pool of another runtime. */
  readonly spawnBlockingOn: SpawnBlockingInto<V, AbortHandle, [spawner: BlockingSpawner, key: K]>;

  constructor() {
    super("JoinMap");
    const spawn = (key: K, target: unknown, ...args: unknown[]): AbortHandle => {
      this.assertUsable();
      return this.insert(key, startHere("JoinMap.spawn", spawn, target, args));
    };
    this.spawn = spawn as SpawnInto<V, AbortHandle, [K]>;
    const elsewhere = (
      spawner: Spawner,
      key: K,
      target: unknown,
      ...args: unknown[]
    ): AbortHandle => {
      this.assertUsable();
      return this.insert(key, startOn(spawner, elsewhere, target, args));
    };
    this.spawnOn = elsewhere as SpawnInto<V, AbortHandle, [Spawner, K]>;
    const blocking = (key: K, fn: unknown, ...args: unknown[]): AbortHandle => {
      this.assertUsable();
      return this.insert(key, startBlocking(blocking, fn, args));
    };
    this.spawnBlocking = blocking as SpawnBlockingInto<V, AbortHandle, [K]>;
    const blockingElsewhere = (
      spawner: BlockingSpawner,
      key: K,
      fn: unknown,
      ...args: unknown[]
    ): AbortHandle => {
      this.assertUsable();
      return this.insert(key, startBlockingOn(spawner, blockingElsewhere, fn, args));
    };
    this.spawnBlockingOn = blockingElsewhere as SpawnBlockingInto<
      V,
      AbortHandle,
      [BlockingSpawner, K]
    >;
  }

  private insert(key: K, cell: TaskCell<unknown>): AbortHandle {
    const old = this.byKey.get(key);
    const handle = this.add(cell, key);
    if (old !== undefined) {
      this.discard([old]);
      old.cell.cancel();
    }
    return handle;
  }

  /** Asks the task of a key to end; its result then says that it was cancelled. Returns whether there is a task of that key. */
  abort(key: K): boolean {
    const member = this.byKey.get(key);
    member?.cell.cancel();
    return member !== undefined;
  }

  /** Asks the tasks to end whose keys `matches` picks. */
  abortMatching(matches: (key: K) => boolean): void {
    for (const [key, member] of [...this.byKey]) if (matches(key)) member.cell.cancel();
  }

  /** Whether there is a task of that key: one that runs, or one whose result nobody has taken. */
  containsKey(key: K): boolean {
    return this.byKey.has(key);
  }

  /** The same by the task's id. Looks at every task. */
  containsTask(id: number): boolean {
    for (const member of this.byKey.values()) if (member.cell.id === id) return true;
    return false;
  }

  /** The keys, as they are now. */
  keys(): IterableIterator<K> {
    return [...this.byKey.keys()].values();
  }

  /** @internal */
  override memberEnded(member: Member): void {
    this.running.remove(member);
    this.ended.push(member);
    this.wakeWaiting();
  }

  protected override place(member: Member): void {
    this.byKey.set(member.key as K, member);
    this.running.push(member);
  }

  protected override left(member: Member): void {
    const key = member.key as K;
    if (this.byKey.get(key) === member) this.byKey.delete(key);
  }

  protected override nextEnded(): Member | undefined {
    return this.ended.first();
  }

  protected override members(): Member[] {
    return [...this.ended.toArray(), ...this.running.toArray()];
  }

  protected override resultFor(member: Member): JoinMapResult<K, V> {
    return { key: member.key as K, ...resultOf<V>(member.cell) };
  }
}
