// Addresses: `"host:port"`, `"[::1]:80"`, or `{ host, port }`.

import { describe, TokiwaError } from "../future/index.js";
import type { SocketAddress } from "../host/types.js";

export type { SocketAddress } from "../host/types.js";

/** What every function that needs an address takes. */
export type AddressLike = string | SocketAddress;

/** An address does not parse. */
export class AddressError extends TokiwaError {
  readonly given: unknown;
  constructor(given: unknown, why: string) {
    super(
      `${describe(given)} is no address: ${why}. Write "127.0.0.1:8080", "[::1]:8080", "name:8080" or { host, port }`,
    );
    this.given = given;
  }
}

const PATTERN = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+)):(\d{1,5})$/;

function checkPort(given: unknown, port: unknown): number {
  if (typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new AddressError(given, "the port is a whole number from 0 to 65535");
}

/** @throws {AddressError} */
export function parseAddress(address: AddressLike): SocketAddress {
  if (typeof address === "object" && address !== null) {
    if (typeof address.host !== "string" || address.host === "")
      throw new AddressError(address, "the host is a string that is not empty");
    return { host: address.host, port: checkPort(address, address.port) };
  }
  const parts = typeof address === "string" ? PATTERN.exec(address) : null;
  if (parts === null) throw new AddressError(address, "it is not of the form host:port");
  const host = (parts[1] ?? parts[2]) as string;
  return { host, port: checkPort(address, Number(parts[3])) };
}

/** As it is written in messages and in `AddressLike`. */
export function formatAddress(address: SocketAddress): string {
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

const LITERAL = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:.%]*:[0-9a-fA-F:.%\w]*)$/;

/** Whether the host is an address already, so that no name has to be looked up. */
export function isLiteral(host: string): boolean {
  return LITERAL.test(host);
}
