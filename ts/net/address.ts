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

const PATTERN = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/;

function checkPort(given: unknown, port: unknown): number {
  if (typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new AddressError(given, "the port is a whole number from 0 to 65535");
}

/** A host of digits and dots that is no address would be looked up as a name. */
function checkHost(given: unknown, host: string): void {
  if (/^[\d.]+$/.test(host) && !isIpv4(host))
    throw new AddressError(given, "an IPv4 address has four numbers from 0 to 255");
}

/** @throws {AddressError} */
export function parseAddress(address: AddressLike): SocketAddress {
  if (typeof address === "object" && address !== null) {
    if (typeof address.host !== "string" || address.host === "")
      throw new AddressError(address, "the host is a string that is not empty");
    checkHost(address, address.host);
    return { host: address.host, port: checkPort(address, address.port) };
  }
  const parts = typeof address === "string" ? PATTERN.exec(address) : null;
  if (parts === null) throw new AddressError(address, "it is not of the form host:port");
  const [, bracketed, plain, port] = parts;
  if (bracketed !== undefined && !isIpv6(bracketed))
    throw new AddressError(address, "what stands in brackets is not an IPv6 address");
  const host = (bracketed ?? plain) as string;
  checkHost(address, host);
  return { host, port: checkPort(address, Number(port)) };
}

/** As it is written in messages and in `AddressLike`. */
export function formatAddress(address: SocketAddress): string {
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** One to four hexadecimal digits a group, eight groups or a single `::` for the missing ones, the last two perhaps as IPv4. */
function isIpv6(host: string): boolean {
  const [address = "", zone] = host.split("%");
  if (zone === "") return false;
  const halves = address.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1);
  const mapped = last !== undefined && isIpv4(last) && !address.endsWith("::");
  if (mapped) groups.pop();
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = groups.length + (mapped ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}

/** Whether the host is an address already, so that no name has to be looked up. */
export function isLiteral(host: string): boolean {
  return isIpv4(host) || isIpv6(host);
}
