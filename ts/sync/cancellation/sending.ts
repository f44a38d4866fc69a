// How a CancellationToken crosses threads: as a flag in memory that they share. Apart from token.ts, so that a program whose tokens
// stay on one thread has nothing of shared primitives.

import { type SharedFlag, sharedFlag } from "../shared/flag.js";
import { FlagSource } from "./flag-source.js";
import { rememberSent } from "./sent-nodes.js";
import { CancellationToken } from "./token.js";

/** The same token on another thread. */
export function tokenOfFlag(flag: SharedFlag): CancellationToken {
  const token = new CancellationToken();
  token.flag = flag;
  token.node.bind(new FlagSource(flag));
  return token;
}

/** What stands for a token on its way to another thread; from then on it is bound to a flag in shared memory. */
export function sentToken(token: CancellationToken): unknown {
  const flag = token.flag ?? sharedFlag();
  const sent = flag.sent();
  // With somebody to tell from here on.
  if (token.flag !== undefined) token.node.review();
  else token.node.bind(new FlagSource(flag));
  token.flag = flag;
  rememberSent(token.node);
  return sent;
}
