// A cancellation token's place in the tree of tokens, and the one way by which tokens are cancelled.
//
// K1  Up is strong: a node keeps its ancestors, and whether it is cancelled is asked of them. So a cancel is one write, and all
//     descendants are cancelled by it at once, before any waker or abort listener runs.
// K2  Down is for those who must be told: a node is attached to its parent only while it is needed, that is while a future waits
//     by it, its signal was asked for, its source wants to be told, or a child is attached to it. A token that is dropped without any of
//     these is in nobody's memory. A source is listened to while somebody waits here, or while it relays: a signal to a flag.
// K3  `cancel` visits the attached descendants, takes everybody out of the tree, and only then calls wakers, and then aborts signals.
// K4  A node that was left (its token was disposed) hears no more of its ancestors and of its source; its children still hear of
//     the ancestors.
// K5  What was cancelled stays cancelled.
// K6  A source may be cancelled a while before it says so: a flag that another thread has raised. Who waits by a node asks the source
//     itself, and then tells everybody: whoever has waited finds signals aborted, and the others woken.

import { Waker } from "../../future/index.js";
import { Link, WaitList, type WaitNode } from "../waiters.js";
import { BothSources, type CancellationSource } from "./source.js";

export class CancellationNode extends Link {
  private parent: CancellationNode | undefined;
  private source: CancellationSource | undefined = undefined;
  /** Cancelled here, or with an ancestor while attached. */
  private marked = false;
  private reason: unknown = undefined;
  private left = false;
  /** Stands in the list of sent-nodes.ts. */
  isRemembered = false;
  private attached = false;
  /** Between `begin` and `end` of the source. */
  private listening = false;
  private readonly waiting: WaitList = new WaitList("CancellationToken.cancelled()");
  private readonly children: WaitList<CancellationNode> = new WaitList();
  private controller: AbortController | undefined = undefined;

  constructor(parent?: CancellationNode) {
    super();
    this.parent = parent;
  }

  /** Binds the node to something outside. A node that is cancelled tells the source at once. */
  bind(source: CancellationSource): void {
    const canceller = this.canceller();
    this.unlisten();
    this.source = this.source === undefined ? source : new BothSources(this.source, source);
    if (canceller === undefined) this.attach();
    else if (this.marked) source.cancelled(this.reason);
    else this.cancel(canceller.cause());
  }

  /** Its source may want to hear of more than before, or of less. */
  review(): void {
    const canceller = this.canceller();
    if (canceller === undefined) this.attach();
    else this.cancel(canceller.cause());
    this.detachIfUnneeded();
  }

  /** What it was cancelled with; undefined when it was not, or with nothing. */
  cancelReason(): unknown {
    return this.canceller()?.cause();
  }

  isCancelled(): boolean {
    return this.canceller() !== undefined;
  }

  /** Whether it is cancelled; then everybody has been told, though the source would have said so only later (K6). */
  hears(): boolean {
    const canceller = this.canceller();
    if (canceller === undefined) return false;
    canceller.cancel(canceller.cause());
    return true;
  }

  /** The nearest one, from here upwards, that is cancelled (K1, K4). */
  private canceller(): CancellationNode | undefined {
    if (this.isItself()) return this;
    if (this.left) return undefined;
    let node = this.parent;
    while (node !== undefined && !node.isItself()) node = node.parent;
    return node;
  }

  private isItself(): boolean {
    return this.marked || this.source?.isCancelled() === true;
  }

  private cause(): unknown {
    return this.marked ? this.reason : this.source?.reason();
  }

  /**
   * Cancels this node and all below it; does nothing to one that is cancelled. The only way to do so, for tokens and for sources.
   *
   * @param reason what signals give as theirs; undefined for the usual AbortError.
   */
  cancel(reason?: unknown): void {
    if (this.marked) return;
    const parent = this.parent;
    const nodes = this.takeTree(reason);
    parent?.detachIfUnneeded();
    const woken: WaitNode[] = [];
    for (const node of nodes) for (const place of node.waiting.takeAll()) woken.push(place);
    for (const node of nodes) node.source?.cancelled(reason);
    for (const place of woken) place.waker.wake();
    for (const node of nodes) node.abortSignal();
  }

  /** Takes apart the tree of all that are attached below this node, marks them, and gives them, parents before children (K3). */
  private takeTree(reason: unknown): CancellationNode[] {
    const nodes: CancellationNode[] = [this];
    this.mark(reason);
    // Those that were left are passed through, for their children (K4).
    const passed: CancellationNode[] = [this];
    for (let index = 0; index < passed.length; index++) {
      for (const child of (passed[index] as CancellationNode).children.takeAll()) {
        passed.push(child);
        child.detach();
        if (child.left) continue;
        child.mark(reason);
        nodes.push(child);
      }
    }
    return nodes;
  }

  private mark(reason: unknown): void {
    this.marked = true;
    this.reason = reason;
    this.detach();
    // Nothing is asked of its ancestors any more (K5): it need not keep them.
    this.parent = undefined;
  }

  /** Its signal; aborted when the node is cancelled, even if the turn of this signal has not come yet (K3). */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    const canceller = this.canceller();
    if (canceller === undefined) this.attach();
    else this.abort(canceller.cause());
    return this.controller.signal;
  }

  private abortSignal(): void {
    if (this.controller !== undefined) this.abort(this.reason);
  }

  private abort(reason: unknown): void {
    if (this.controller?.signal.aborted === false) this.controller.abort(reason);
  }

  /** A future waits by this node, which is not cancelled. Costs O(1) once somebody waits, else the way up to who is attached. */
  wait(place: WaitNode): void {
    this.waiting.push(place);
    this.attach();
  }

  /** A future goes away; harmless if it has been woken. */
  leaveWait(place: WaitNode): void {
    this.waiting.remove(place);
    // It may have been taken from the list by a cancel that is under way.
    place.waker = Waker.noop();
    this.detachIfUnneeded();
  }

  /** Leaves the tree upwards, and its source (K4). What is cancelled by now stays so (K5). */
  leave(): void {
    if (this.left) return;
    const canceller = this.canceller();
    if (canceller !== undefined) this.cancel(canceller.cause());
    this.left = true;
    this.unlisten();
    this.source = undefined;
    this.detachIfUnneeded();
  }

  /** Whether somebody must be told when an ancestor or the source is cancelled. */
  private isAwaited(): boolean {
    if (!this.children.isEmpty()) return true;
    if (this.marked || this.left) return false;
    if (this.source?.relays === true) return true;
    return !this.waiting.isEmpty() || this.controller !== undefined;
  }

  private isNeeded(): boolean {
    return this.isAwaited() || this.isToTell();
  }

  /** Whether its source wants to hear of a cancel. */
  isToTell(): boolean {
    return !this.marked && this.source?.wantsCancels === true;
  }

  private attach(): void {
    if (!this.isNeeded()) return;
    let node: CancellationNode | undefined = this;
    let sources: CancellationNode[] | undefined;
    for (; node !== undefined && !node.attached; node = node.parent) {
      node.attached = true;
      node.parent?.children.push(node);
      if (node.source === undefined) continue;
      sources ??= [];
      sources.push(node);
    }
    // With the whole way up in order, for a source may cancel at once.
    if (sources !== undefined) for (const each of sources) each.listen();
    // The first that was attached before may have been so for its own source alone.
    node?.listen();
  }

  private detachIfUnneeded(): void {
    let node: CancellationNode | undefined = this;
    while (node?.attached === true && !node.isNeeded()) {
      const parent: CancellationNode | undefined = node.parent;
      node.detach();
      node = parent;
    }
    if (node?.isAwaited() === false) node.unlisten();
  }

  private detach(): void {
    this.attached = false;
    this.parent?.children.remove(this);
    this.unlisten();
  }

  private listen(): void {
    const { source } = this;
    if (source === undefined || this.listening || !this.attached || !this.isAwaited()) return;
    this.listening = true;
    source.begin(this);
  }

  private unlisten(): void {
    if (!this.listening) return;
    this.listening = false;
    this.source?.end(this);
  }
}
