// Who waits: a doubly linked list whose nodes belong to the waiting futures, so leaving costs O(1) however many wait.

import { forgetEntry, isWatched, noteEntry, type Waker } from "../future/index.js";

/** A place in a list, whoever it is of. */
export class Link {
  previous: Link | undefined;
  next: Link | undefined;
  linked: boolean;

  constructor() {
    this.previous = undefined;
    this.next = undefined;
    this.linked = false;
  }
}

/** The place of a future. Made when it first has to wait. */
export class WaitNode extends Link {
  waker: Waker;

  constructor(waker: Waker) {
    super();
    this.waker = waker;
  }
}

/** First-in first-out, with removal from the middle. */
export class WaitList<N extends Link = WaitNode> {
  private head: N | undefined = undefined;
  private tail: N | undefined = undefined;
  private readonly what: string | undefined;

  /** @param what its nodes wait for, for leak checks; undefined where they are none of their concern, or noted by who waits. */
  constructor(what?: string) {
    this.what = what;
  }

  isEmpty(): boolean {
    return this.head === undefined;
  }

  push(node: N): void {
    if (this.what !== undefined && isWatched()) noteEntry("waker", node, this.what);
    node.linked = true;
    node.next = undefined;
    node.previous = this.tail;
    if (this.tail === undefined) this.head = node;
    else this.tail.next = node;
    this.tail = node;
  }

  /** The one who waits longest. */
  first(): N | undefined {
    return this.head;
  }

  /** Takes the one who waits longest. */
  shift(): N | undefined {
    const node = this.head;
    if (node !== undefined) this.remove(node);
    return node;
  }

  /** Takes the one who came last. */
  pop(): N | undefined {
    const node = this.tail;
    if (node !== undefined) this.remove(node);
    return node;
  }

  /** Takes everybody, who waits longest first. Who joins from here on is none of them. */
  takeAll(): N[] {
    const all: N[] = [];
    for (let node = this.shift(); node; node = this.shift()) all.push(node);
    return all;
  }

  /** Leaves the list; harmless for a node that has left. */
  remove(node: N): void {
    if (!node.linked) return;
    if (this.what !== undefined && isWatched()) forgetEntry("waker", node);
    node.linked = false;
    const { previous, next } = node;
    if (previous === undefined) this.head = next as N | undefined;
    else previous.next = next;
    if (next === undefined) this.tail = previous as N | undefined;
    else next.previous = previous;
    node.previous = undefined;
    node.next = undefined;
  }
}
