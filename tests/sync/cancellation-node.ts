// The inside of a token, which its type does not show.

import type { CancellationToken } from "tokiwa/sync";
import type { CancellationNode } from "../../ts/sync/cancellation/node.js";

export type Node = CancellationNode;

export function nodeOf(token: CancellationToken): Node {
  return (token as unknown as { readonly node: Node }).node;
}
