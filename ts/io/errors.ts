// Errors of input and output.

import { TokiwaError } from "../future/index.js";

/** An operation of the system failed. */
export class IoError extends TokiwaError {
  /** The system's code: `"EADDRINUSE"`, `"ECONNRESET"` … */
  readonly code: string;
  /** The address it was about, as `host:port`, where there is one. */
  readonly address: string | undefined;

  constructor(message: string, code: string, address?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.address = address;
  }
}

/** The stream ended before what was asked for had come. */
export class UnexpectedEofError extends IoError {
  /** Bytes that did come; they are at the start of the buffer. */
  readonly received: number;
  constructor(received: number, wanted: number, address?: string) {
    super(`the stream ended after ${received} of ${wanted} bytes`, "UNEXPECTED_EOF", address);
    this.received = received;
  }
}

/** A writer took nothing of what it was given. */
export class WriteZeroError extends IoError {
  constructor(address?: string) {
    super("the writer took none of the bytes it was given", "WRITE_ZERO", address);
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use: choose another, or 0 for any that is free",
  EADDRNOTAVAIL: "no interface of this machine has that address",
  EACCES: "ports below 1024 need permission",
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the peer broke the connection",
  EPIPE: "the stream was shut down, or the peer is gone",
  ENOTFOUND: "the name is not known",
};

/** Turns an error of the host into an {@link IoError} that says what was tried. */
export function ioError(error: unknown, what: string, address?: string): IoError {
  if (error instanceof IoError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const name = typeof code === "string" ? code : "UNKNOWN";
  const detail = ADVICE[name] ?? (error instanceof Error ? error.message : String(error));
  return new IoError(`${what} failed: ${name}: ${detail}`, name, address, error);
}
