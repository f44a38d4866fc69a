// Tokens that were sent to other threads are kept by their parents, for these are to tell them. That other threads have let go of
// one nobody tells: so whoever sends a token looks after two that were sent before.
//
// F1  Two are looked at for each that comes, so all are within half as many sends as there are; those that nobody has any more are
//     never more than those that somebody has, but for what was let go of since.
// F2  What is remembered here keeps no token in memory.

import type { CancellationNode } from "./node.js";

const LOOKS = 2;

const sent: WeakRef<CancellationNode>[] = [];
/** The one to look at next. */
let position = 0;

/** A token is on its way to another thread. */
export function rememberSent(node: CancellationNode): void {
  if (node.isRemembered) return;
  node.isRemembered = true;
  for (let looks = 0; looks < LOOKS && sent.length > 0; looks++) lookAtNext();
  sent.push(new WeakRef(node));
}

function lookAtNext(): void {
  if (position >= sent.length) position = 0;
  const node = sent[position]?.deref();
  if (node?.isToTell() === true) {
    position += 1;
    return;
  }
  if (node !== undefined) {
    node.isRemembered = false;
    node.review();
  }
  const last = sent.pop() as WeakRef<CancellationNode>;
  if (position < sent.length) sent[position] = last;
}
