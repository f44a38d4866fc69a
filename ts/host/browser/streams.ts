// A browser has no Node streams.

import type { HostStreams } from "../types.js";

export const streams: HostStreams = {
  readable: () => {
    throw new Error("this host has no Node streams: use `stream.toWeb()`");
  },
};
