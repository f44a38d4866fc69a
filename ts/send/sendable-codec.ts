// A sendable function as an argument or a result: where it is found is sent. On a thread that has not imported the module yet it
// arrives as a SendError that says so.
//
// Apart from sendable.ts, so that a program without threads has functions of that kind and no codec.

import { registerFunctions } from "./codec.js";
import { SendError } from "./errors.js";
import { knownSendable, sendableInfo } from "./sendable.js";

interface Place {
  readonly url: string;
  readonly name: string;
}

export function registerSendableFunctions(): void {
  registerFunctions(
    "sendable",
    (fn) => {
      const info = sendableInfo(fn);
      return info && { url: info.url, name: info.name };
    },
    (plain) => {
      const { url, name } = plain as Place;
      const info = knownSendable(url, name);
      if (info !== undefined) return info.fn;
      throw new SendError(
        "a sendable function",
        name,
        `cannot be received before ${url} has been imported: name the module in \`Builder.preload\``,
      );
    },
  );
}
