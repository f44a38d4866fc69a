// JoinQueue: tasks that belong together, taken in the order in which they were spawned.

import type { Future } from "../future/index.js";
import type { AbortHandle } from "../runtime/task/join-handle.js";
import { type JoinResult, resultOf, TaskCollection } from "./collection.js";
import { JoinAll } from "./join-all.js";
import { type Member, MemberList } from "./members.js";
import {
  type BlockingSpawner,
  type SpawnBlockingInto,
  type Spawner,
  type SpawnInto,
  spawnersInto,
} from "./spawn-into.js";

/**
 * Tasks that run at the same time and all give a `T`; their results are taken in the order of their spawns, so a slow one holds up
 * those behind it. Disposing the queue aborts those that have not ended.
 */
export class JoinQueue<T = unknown> extends TaskCollection<JoinResult<T>> {
  private readonly queue = new MemberList();

  /** Spawns a task at the end of the queue; as `JoinSet.spawn`. */
  readonly spawn: SpawnInto<T, AbortHandle>;
  /** The same on another runtime. */
  readonly spawnOn: SpawnInto<T, AbortHandle, [spawner: Spawner]>;
  /** The same on the blocking pool. */
  readonly spawnBlocking: SpawnBlockingInto<T, AbortHandle>;
  /** The same on the blocking pool of another runtime. */
  readonly spawnBlockingOn: SpawnBlockingInto<T, AbortHandle, [spawner: BlockingSpawner]>;

  constructor() {
    super("JoinQueue");
    const spawners = spawnersInto<T, AbortHandle>(
      "JoinQueue.spawn",
      () => this.assertUsable(),
      (cell) => this.add(cell),
    );
    this.spawn = spawners.spawn;
    this.spawnOn = spawners.spawnOn;
    this.spawnBlocking = spawners.spawnBlocking;
    this.spawnBlockingOn = spawners.spawnBlockingOn;
  }

  /**
   * Waits for all tasks, and gives their values in the order of their spawns. As `JoinSet.joinAll`, except that a task that threw
   * is found when its turn comes. Not cancel-safe.
   */
  joinAll(): Future<T[]> {
    return new JoinAll(this);
  }

  /** @internal */
  override memberEnded(member: Member): void {
    if (member === this.queue.first()) this.wakeWaiting();
  }

  protected override place(member: Member): void {
    this.queue.push(member);
  }

  protected override nextEnded(): Member | undefined {
    const first = this.queue.first();
    return first?.cell.isFinished() ? first : undefined;
  }

  protected override members(): Member[] {
    return this.queue.toArray();
  }

  protected override resultFor(member: Member): JoinResult<T> {
    return resultOf(member.cell);
  }
}
