import { join, TokiwaError } from "tokiwa";
import {
  AddressError,
  type AddressLike,
  IoError,
  lookupHost,
  TcpListener,
  TcpStream,
} from "tokiwa/net";
import { describe, expect, test } from "vitest";
import { failure, hasIpv6, LOOPBACK, netTest, readText, runNet, within } from "../support/net.js";

/** Literal addresses need no lookup: lookupHost gives them back as they were understood. */
const GOOD: readonly (readonly [AddressLike, { host: string; port: number }])[] = [
  ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
  ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
  ["0.0.0.0:65535", { host: "0.0.0.0", port: 65535 }],
  ["[::1]:80", { host: "::1", port: 80 }],
  ["[::]:443", { host: "::", port: 443 }],
  ["[2001:db8::7]:8080", { host: "2001:db8::7", port: 8080 }],
  ["[::ffff:127.0.0.1]:1", { host: "::ffff:127.0.0.1", port: 1 }],
  [
    { host: "127.0.0.1", port: 80 },
    { host: "127.0.0.1", port: 80 },
  ],
  [
    { host: "::1", port: 0 },
    { host: "::1", port: 0 },
  ],
];

const BAD: readonly (readonly [unknown, RegExp])[] = [
  ["", /""/],
  ["localhost", /"localhost"/],
  ["127.0.0.1", /"127\.0\.0\.1"/],
  [":80", /":80"/],
  ["localhost:", /"localhost:"/],
  ["localhost:http", /"localhost:http"/],
  ["localhost:-1", /"localhost:-1"/],
  ["localhost:70000", /70000.*65535/],
  ["localhost:8.5", /8\.5/],
  ["::1:80", /"::1:80"/],
  ["[::1]", /"\[::1\]"/],
  ["[::1:80", /"\[::1:80"/],
  ["[name]:80", /"\[name\]:80"/],
  ["[127.0.0.1]:80", /"\[127\.0\.0\.1\]:80"/],
  ["[1:2:3]:80", /"\[1:2:3\]:80"/],
  ["[]:80", /"\[\]:80"/],
  ["two words:80", /"two words:80"/],
  ["http://localhost:80", /"http:\/\/localhost:80"/],
  [" localhost:80", /" localhost:80"/],
  [80, /80/],
  [null, /null/],
  [undefined, /undefined/],
  [{ host: "", port: 80 }, /host/],
  [{ port: 80 }, /host/],
  [{ address: "127.0.0.1", port: 80 }, /host/],
  [{ host: "localhost" }, /port/],
  [{ host: "localhost", port: -1 }, /-1.*65535/],
  [{ host: "localhost", port: 70000 }, /70000.*65535/],
  [{ host: "localhost", port: 1.5 }, /1\.5.*whole number/],
  [{ host: "localhost", port: Number.NaN }, /NaN.*whole number/],
  [{ host: "localhost", port: "80" }, /"80".*whole number/],
];

describe("addresses that are understood", () => {
  for (const [given, understood] of GOOD)
    test(JSON.stringify(given), () =>
      runNet(function* () {
        expect(yield* lookupHost(given)).toEqual([understood]);
      }),
    );
});

describe("addresses that are refused, at the call, with an error that shows them", () => {
  const takers = { bind: TcpListener.bind, connect: TcpStream.connect, lookupHost };
  for (const [given, shows] of BAD)
    test(JSON.stringify(given) ?? "undefined", () => {
      for (const [name, take] of Object.entries(takers)) {
        const call = () => take(given as AddressLike);
        expect(call, name).toThrow(AddressError);
        expect(call, name).toThrow(shows);
        expect(call, name).toThrow(/"127\.0\.0\.1:8080".*\{ host, port \}/);
      }
    });

  test("the error keeps what was given", () => {
    const given = { host: "localhost", port: 70000 };
    try {
      TcpStream.connect(given);
      expect.unreachable();
    } catch (error) {
      expect((error as AddressError).given).toBe(given);
      expect((error as AddressError).name).toBe("AddressError");
    }
  });
});

describe("names", () => {
  netTest("localhost resolves, with the port passed through", function* () {
    const addresses = yield* within(lookupHost("localhost:4321"));
    expect(addresses.length).toBeGreaterThan(0);
    for (const { host, port } of addresses) {
      expect(host).toMatch(/^(127\.0\.0\.1|::1)$/);
      expect(port).toBe(4321);
    }
  });

  netTest("a listener on localhost is found by its name", function* () {
    using listener = yield* within(TcpListener.bind({ host: "localhost", port: 0 }));
    using client = yield* within(TcpStream.connect(`localhost:${listener.localAddr().port}`));
    const [server] = yield* within(listener.accept());
    using _server = server;
    yield* client.writeAll(new TextEncoder().encode("by name"));
    expect(yield* readText(server)).toBe("by name");
  });

  netTest("connecting by name tries every address of it", function* () {
    // Whatever localhost is here, 127.0.0.1 is among the addresses that are tried.
    using listener = yield* TcpListener.bind(LOOPBACK);
    using client = yield* within(TcpStream.connect(`localhost:${listener.localAddr().port}`));
    expect(client.peerAddr()).toEqual(listener.localAddr());
    const [server] = yield* within(listener.accept());
    server[Symbol.dispose]();
  });

  netTest("lookupHost of a name that does not exist", function* () {
    const error = yield* failure(IoError, () => lookupHost("no-such-name.invalid:80"));
    expect(error.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
    expect(error.address).toContain("no-such-name.invalid");
  });

  netTest("what only looks like an address is not given back as one", function* () {
    for (const host of ["256.256.256.256", "1.2.3.4.5"])
      yield* failure(TokiwaError, () => lookupHost({ host, port: 80 }));
  });

  netTest("a lookup that is given up leaves nothing", function* () {
    const lookup = lookupHost("localhost:80");
    const other = lookupHost("localhost:80");
    const [found] = yield* within(join(other));
    lookup[Symbol.dispose]();
    expect(found.length).toBeGreaterThan(0);
  });
});

describe(hasIpv6 ? "IPv6" : "IPv6 (skipped: no interface here has ::1)", () => {
  test.skipIf(!hasIpv6)("works like IPv4, from the string and from the object", () =>
    runNet(function* () {
      using listener = yield* TcpListener.bind("[::1]:0");
      const address = listener.localAddr();
      expect(address.host).toBe("::1");
      for (const target of [address, `[::1]:${address.port}`]) {
        using client = yield* within(TcpStream.connect(target));
        const [server, peer] = yield* within(listener.accept());
        using _server = server;
        expect(client.peerAddr()).toEqual(address);
        expect(peer).toEqual(client.localAddr());
        yield* client.writeAll(new TextEncoder().encode("six"));
        expect(yield* readText(server)).toBe("six");
      }
    }),
  );

  test.skipIf(!hasIpv6)("an error shows the address in brackets", () =>
    runNet(function* () {
      using listener = yield* TcpListener.bind("[::1]:0");
      const address = `[::1]:${listener.localAddr().port}`;
      const error = yield* failure(IoError, () => TcpListener.bind(address));
      expect(error).toMatchObject({ code: "EADDRINUSE", address });
      expect(error.message).toContain(address);
    }),
  );
});
