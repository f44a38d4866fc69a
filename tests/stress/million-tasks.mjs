import { sendable } from "tokiwa";

export const next = sendable(import.meta.url, "next", (task) => task + 1);
