// What has to go by a port, what is given away on it, and what a port refuses.

import { BlockList } from "node:net";
import { MessageChannel as NodeChannel, receiveMessageOnPort } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
  checkSendable,
  decodeFromPort,
  encode,
  encodeForPort,
  explainPortError,
  NEEDS_PORT,
  SendError,
} from "../../ts/send/codec.js";
import { transfer } from "../../ts/send/transfer.js";
import { throughPort } from "./same.js";

const { port1, port2 } = new NodeChannel();

function received(port: Parameters<typeof receiveMessageOnPort>[0]): unknown {
  return receiveMessageOnPort(port)?.message;
}

/** By a real port. */
function posted(value: unknown): unknown {
  const message = encodeForPort(value, "arguments");
  port1.postMessage(
    { bytes: message.bytes, attachments: message.attachments },
    message.transfer as ArrayBuffer[],
  );
  const { bytes, attachments } = received(port2) as { bytes: Uint8Array; attachments: unknown[] };
  return decodeFromPort(bytes, attachments);
}

function refusal(value: unknown): SendError {
  try {
    encodeForPort(value, "arguments");
  } catch (error) {
    if (error instanceof SendError) return error;
  }
  throw new Error("was not refused");
}

const wasm = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

describe("needs a port", () => {
  test.each<[string, () => unknown]>([
    ["a MessagePort", () => new MessageChannel().port1],
    ["a Blob", () => new Blob(["x"])],
    ["shared memory", () => new SharedArrayBuffer(4)],
    ["a view of shared memory", () => new Int32Array(new SharedArrayBuffer(4))],
    ["a module of WebAssembly", () => wasm],
    [
      "a memory of WebAssembly",
      () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    ],
    ["a stream", () => new ReadableStream()],
    ["a BlockList of Node", () => new BlockList()],
    ["something given away", () => transfer({ a: 1 }, [])],
    ["more bytes than fit", () => new Uint8Array(2 ** 20)],
    ["a longer text than fits", () => "x".repeat(2 ** 20)],
    ["a text of two bytes a unit that does not fit", () => "漢".repeat(2 ** 19)],
    ["more elements than fit", () => Array.from({ length: 2 ** 18 }, (_, i) => i)],
  ])("%s", (_, make) => {
    const value = make();
    expect(encode(value, "arguments")).toBe(NEEDS_PORT);
    expect(encode([{ deep: [value] }], "arguments")).toBe(NEEDS_PORT);
    expect(encode([new Error("x", { cause: value })], "arguments")).toBe(NEEDS_PORT);
    expect(encode([1], "arguments")).toBeGreaterThan(0);
  });
});

describe("goes by a port", () => {
  test("shared memory stays shared, and its views views of it", () => {
    const memory = new SharedArrayBuffer(16);
    const view = new Int32Array(memory, 4, 2);
    const arrived = posted({
      memory,
      view,
      again: view,
      bytes: new Uint8Array(memory),
      data: new DataView(memory, 2, 3),
    }) as Record<string, unknown>;
    view[0] = 42;
    const [moved, data] = [arrived.view as Int32Array, arrived.data as DataView];
    expect(moved[0]).toBe(42);
    expect([moved.byteOffset, moved.length, data.byteOffset, data.byteLength]).toEqual([
      4, 2, 2, 3,
    ]);
    expect(arrived.again).toBe(arrived.view);
    expect(moved.buffer).toBe(arrived.memory);
    expect((arrived.bytes as Uint8Array).buffer).toBe(arrived.memory);
  });

  test("modules and memories of WebAssembly, blobs", async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const [module, shared, blob] = posted([wasm, memory, new Blob(["text"])]) as [
      object,
      WebAssembly.Memory,
      Blob,
    ];
    expect(module).toBeInstanceOf(WebAssembly.Module);
    new Uint8Array(memory.buffer)[0] = 7;
    expect(new Uint8Array(shared.buffer)[0]).toBe(7);
    expect(await blob.text()).toBe("text");
  });

  test("everything that goes by bytes goes along", () => {
    const value = {
      blob: new Blob([]),
      map: new Map([[1, { a: [new Date(5)] }]]),
      error: new TypeError("x"),
    };
    const arrived = posted(value) as typeof value;
    expect(arrived.map).toEqual(value.map);
    expect(arrived.error).toBeInstanceOf(TypeError);
  });
});

describe("transfer", () => {
  test("gives the value back, and changes nothing until it is sent", () => {
    const image = new Uint8Array([1, 2, 3]);
    expect(transfer(image, [image.buffer])).toBe(image);
    expect([...image]).toEqual([1, 2, 3]);
    const typed: Uint8Array = transfer(image, [image.buffer]);
    expect(typed.byteLength).toBe(3);
  });

  test("memory arrives and is gone here", () => {
    const image = new Uint8Array([1, 2, 3]);
    const [arrived] = posted([transfer(image, [image.buffer])]) as [Uint8Array];
    expect([...arrived]).toEqual([1, 2, 3]);
    expect(image.byteLength).toBe(0);
    expect(refusal([image]).message).toMatch(/^arguments\[0\] has been transferred already/);
  });

  test("views of one buffer arrive as views of one buffer", () => {
    const memory = new ArrayBuffer(16);
    const value = {
      memory,
      bytes: new Uint8Array(memory, 4),
      floats: new Float32Array(memory, 8, 1),
    };
    const arrived = posted(transfer(value, [memory])) as typeof value;
    expect(arrived.bytes.buffer).toBe(arrived.memory);
    expect(arrived.floats.buffer).toBe(arrived.memory);
    expect([arrived.bytes.byteOffset, arrived.floats.byteOffset, arrived.floats.length]).toEqual([
      4, 8, 1,
    ]);
    expect(memory.byteLength).toBe(0);
  });

  test("deep in an argument, and of several at once", () => {
    const [a, b] = [new ArrayBuffer(1), new ArrayBuffer(2)];
    const arrived = posted([
      { deep: [transfer({ a }, [a])] },
      transfer({ b, a }, [b, a]),
    ]) as unknown[];
    expect((arrived[0] as { deep: { a: ArrayBuffer }[] }).deep[0]?.a.byteLength).toBe(1);
    expect((arrived[1] as { a: ArrayBuffer }).a).toBe(
      (arrived[0] as { deep: { a: ArrayBuffer }[] }).deep[0]?.a,
    );
    expect([a.byteLength, b.byteLength]).toEqual([0, 0]);
  });

  test("what was copied before it was known to be given away arrives all the same", () => {
    const memory = new Uint8Array([5]).buffer;
    const [copy, moved] = posted([new Uint8Array(memory), transfer({ memory }, [memory])]) as [
      Uint8Array,
      { memory: ArrayBuffer },
    ];
    expect([...copy, ...new Uint8Array(moved.memory)]).toEqual([5, 5]);
  });

  test("a port", () => {
    const channel = new NodeChannel();
    const [{ port }] = posted([transfer({ port: channel.port1 }, [channel.port1])]) as [
      { port: MessagePort },
    ];
    channel.port2.postMessage("through");
    expect(received(port as never)).toBe("through");
    port.close();
  });

  test("streams", async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue("chunk");
        controller.close();
      },
    });
    const [arrived] = posted([transfer(stream, [stream])]) as [ReadableStream];
    expect((await arrived.getReader().read()).value).toBe("chunk");
  });

  test("what can only be given away must be", () => {
    const { port1: port } = new MessageChannel();
    const error = refusal([{ port }]);
    expect(error.path).toBe("arguments[0].port");
    expect(error.message).toMatch(
      /is a MessagePort, which cannot be copied, only given away: write `transfer\(value, \[it\]\)`/,
    );
    port.close();
  });

  test("a list that cannot be is refused at the call", () => {
    const memory = new ArrayBuffer(1);
    expect(() => transfer(memory, [memory, memory])).toThrow(
      "transfer(value, list)[1] stands in the list twice",
    );
    expect(() => transfer(memory, [5 as never])).toThrow(
      "transfer(value, list)[0] cannot be transferred: it is no object",
    );
    expect(() => transfer(5 as never, [])).toThrow(
      "transfer(value, list) needs an object as its value",
    );
  });

  test("memory that is gone already is refused with its path", () => {
    const memory = new ArrayBuffer(1);
    const value = transfer({ memory }, [memory]);
    posted(value);
    expect(refusal([value]).message).toMatch(/^arguments\[0\] has been transferred already/);
  });

  test("shared memory in the list stays shared", () => {
    const image: Uint8Array = new Uint8Array(new SharedArrayBuffer(1));
    const [arrived] = posted([transfer(image, [image.buffer])]) as [Uint8Array];
    image[0] = 9;
    expect([...arrived]).toEqual([9]);
  });

  test("the list is taken as it was at the call", () => {
    const memory = new ArrayBuffer(1);
    const list = [memory];
    const value = transfer({ memory }, list);
    list.pop();
    posted(value);
    expect(memory.byteLength).toBe(0);
  });
});

test("what the port refuses is named by its path", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const message = encodeForPort([new Blob([]), { memory }], "arguments");
  try {
    port1.postMessage(
      { bytes: message.bytes, attachments: message.attachments },
      message.transfer as ArrayBuffer[],
    );
    throw new Error("was not refused");
  } catch (error) {
    const explained = explainPortError(message, error);
    expect(explained).toBeInstanceOf(SendError);
    expect(explained.path).toBe("arguments[1].memory");
    expect(explained.message).toMatch(/^arguments\[1\]\.memory cannot be sent: /);
    expect(explained.cause).toBe(error);
  }
});

test("checkSendable lets through what can be sent, and gives nothing away", () => {
  const memory = new ArrayBuffer(4);
  checkSendable([transfer({ memory }, [memory]), new Blob([]), 1], "arguments");
  expect(memory.byteLength).toBe(4);
  expect(throughPort([1])).toEqual([1]);
});
