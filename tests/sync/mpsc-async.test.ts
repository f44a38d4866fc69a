// Channels in async functions: await, for await, and between async functions and coroutines.

import { spawn } from "tokiwa";
import { mpsc, SendError } from "tokiwa/sync";
import { expect, test } from "vitest";
import { runPausedOnLoop } from "../support/time.js";

test("await sends and receives outside of every runtime", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const received = (async () => [await rx.recv(), await rx.recv(), await rx.recv()])();
  await tx.send(1);
  await tx.send(2);
  tx.close();
  expect(await received).toEqual([1, 2, undefined]);
});

test("for await takes every value until the end", async () => {
  const [tx, rx] = mpsc.channel<number>(2);
  const producer = (async () => {
    for (let value = 0; value < 20; value++) await tx.send(value);
    tx.close();
  })();
  const received: number[] = [];
  for await (const value of rx) received.push(value);
  await producer;
  expect(received).toEqual(Array.from({ length: 20 }, (_, value) => value));
});

test("for await that is left closes the channel: a sender that waits is told", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const producer = (async () => {
    for (let value = 0; ; value++) await tx.send(value);
  })();
  for await (const value of rx) if (value === 3) break;
  const error = await producer.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(SendError);
  expect(tx.isClosed()).toBe(true);
});

test("for await that throws closes the channel too", async () => {
  const [tx, rx] = mpsc.unbounded<number>();
  tx.send(1);
  const consumer = (async () => {
    for await (const value of rx) throw new Error(`at ${value}`);
  })();
  await expect(consumer).rejects.toThrow("at 1");
  expect(tx.isClosed()).toBe(true);
});

test("an async function and a coroutine talk", async () => {
  const value = await runPausedOnLoop(function* () {
    const [tx, rx] = mpsc.channel<number>(1);
    const [replies, answers] = mpsc.channel<number>(1);
    spawn(async () => {
      using _close = replies;
      for await (const value of rx) await replies.send(value * 2);
    });
    let sum = 0;
    for (let value = 1; value <= 10; value++) {
      yield* tx.send(value);
      sum += (yield* answers.recv()) as number;
    }
    tx.close();
    expect(yield* answers.recv()).toBe(undefined);
    return sum;
  });
  expect(value).toBe(110);
});

test("an awaited send rejects with the value", async () => {
  const [tx, rx] = mpsc.channel<string>(1);
  rx.close();
  await expect(tx.send("back")).rejects.toMatchObject({ name: "SendError", value: "back" });
});
