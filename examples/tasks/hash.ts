// A password's hash, as slow as it is meant to be: it blocks its thread for as long as it takes.

import { pbkdf2Sync } from "node:crypto";
import { sendable } from "tokiwa";

export const hashPassword = sendable(
  import.meta.url,
  "hashPassword",
  (password: string, salt: string, rounds: number): string =>
    pbkdf2Sync(password, salt, rounds, 32, "sha512").toString("hex"),
);
