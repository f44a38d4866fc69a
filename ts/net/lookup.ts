// Names to addresses.

import { type Coroutine, CoroutineFuture, type Future } from "../future/index.js";
import type { HostNet, SocketAddress } from "../host/types.js";
import { type AddressLike, isLiteral, parseAddress } from "./address.js";
import { currentNet, HostOperation } from "./driver.js";

/** @internal All addresses to try, in order. */
export function* resolveAddresses(
  net: HostNet,
  address: SocketAddress,
): Coroutine<SocketAddress[]> {
  if (isLiteral(address.host)) return [address];
  const hosts = yield* new HostOperation<string[]>(
    `looking up ${address.host}`,
    address.host,
    (done) => net.lookup(address.host, done),
    () => {},
  );
  return hosts.map((host) => ({ host, port: address.port }));
}

function* lookup(address: SocketAddress): Coroutine<SocketAddress[]> {
  return yield* resolveAddresses(currentNet("lookupHost").net, address);
}

/**
 * Looks a name up.
 *
 * @param address a name and a port, which is passed through.
 * @returns all addresses, in the order to try them.
 * @throws {AddressError} at the call. @throws {IoError} with `code` "ENOTFOUND" and the like.
 */
export function lookupHost(address: AddressLike): Future<SocketAddress[]> {
  return new CoroutineFuture(lookup(parseAddress(address)));
}
