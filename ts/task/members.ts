// The tasks of a collection, each with a place of its own among those who wait for that task's end: so a collection of n
// tasks hears which one has ended, and looks at no other.

import { Waker } from "../future/index.js";
import type { TaskCell, Waiter } from "../runtime/task/cell.js";

/** Who hears of the end of a member. */
export interface MemberOwner {
  /** @internal */
  memberEnded(member: Member): void;
}

/** A task of a collection: what its end wakes, and a link of a list, all in one object. */
export class Member extends Waker implements Waiter {
  readonly cell: TaskCell<unknown>;
  readonly owner: MemberOwner;
  /** What a JoinMap knows it by. */
  readonly key: unknown;
  readonly waker: Waker;
  before: Waiter | undefined;
  after: Waiter | undefined;
  /** The list it stands in; undefined once the collection has let go of it. */
  list: MemberList | undefined;
  previous: Member | undefined;
  next: Member | undefined;

  constructor(cell: TaskCell<unknown>, owner: MemberOwner, key?: unknown) {
    super();
    this.cell = cell;
    this.owner = owner;
    this.key = key;
    this.waker = this;
    this.before = undefined;
    this.after = undefined;
    this.list = undefined;
    this.previous = undefined;
    this.next = undefined;
  }

  /** Hears of the end from here on; at once if it has come already. */
  watch(): void {
    if (this.cell.isFinished()) this.wake();
    else this.cell.addWaiter(this);
  }

  /** The task has ended. */
  override wake(): void {
    if (this.list !== undefined) this.owner.memberEnded(this);
  }

  /** The collection lets go of the task. */
  release(): void {
    this.list?.remove(this);
    this.cell.removeWaiter(this);
  }
}

/** A doubly linked list of members: any of them leaves it in O(1). */
export class MemberList {
  private head: Member | undefined = undefined;
  private tail: Member | undefined = undefined;

  first(): Member | undefined {
    return this.head;
  }

  push(member: Member): void {
    member.list = this;
    member.previous = this.tail;
    member.next = undefined;
    if (this.tail === undefined) this.head = member;
    else this.tail.next = member;
    this.tail = member;
  }

  remove(member: Member): void {
    const { previous, next } = member;
    if (previous === undefined) this.head = next;
    else previous.next = next;
    if (next === undefined) this.tail = previous;
    else next.previous = previous;
    member.list = undefined;
    member.previous = undefined;
    member.next = undefined;
  }

  /** All of them, in a list that stays as it is. */
  toArray(): Member[] {
    const members: Member[] = [];
    for (let member = this.head; member !== undefined; member = member.next) members.push(member);
    return members;
  }
}
