// PollSemaphore: permits by polling. Mirrors tokio-util's poll_semaphore.rs.

import { Pending, pollFn } from "tokiwa";
import { CapacityError, PollSemaphore, Semaphore, type SemaphorePermit } from "tokiwa/sync";
import { expect, test } from "vitest";
import { Polled } from "./polled.js";

type Acquired = SemaphorePermit | undefined;

/** `pollAcquire` as a future, polled by hand. */
function acquire(semaphore: PollSemaphore, count?: number): Polled<Acquired> {
  return new Polled(pollFn((cx) => semaphore.pollAcquire(cx, count)));
}

test("it_works: undefined once closed, again and again", () => {
  const semaphore = new Semaphore(1);
  const polling = new PollSemaphore(semaphore);
  const permit = semaphore.tryAcquire();
  const poll = acquire(polling);
  expect(poll.isPending()).toBe(true);
  permit.release();
  expect(poll.isWoken).toBe(true);
  const acquired = poll.poll() as SemaphorePermit;
  expect(acquired.numPermits()).toBe(1);
  semaphore.close();
  for (let polls = 0; polls < 3; polls++) expect(acquire(polling).poll()).toBe(undefined);
});

test("a pending one is woken by the close", () => {
  const semaphore = new Semaphore(0);
  const poll = acquire(new PollSemaphore(semaphore));
  expect(poll.isPending()).toBe(true);
  semaphore.close();
  expect(poll.isWoken).toBe(true);
  expect(poll.poll()).toBe(undefined);
});

test("keeps its place in the line from poll to poll", () => {
  const semaphore = new Semaphore(0);
  const first = new PollSemaphore(semaphore);
  const second = first.clone();
  expect([acquire(first).isPending(), acquire(second).isPending()]).toEqual([true, true]);
  const again = acquire(first);
  expect(again.isPending()).toBe(true);
  first.addPermits(1);
  expect(again.isWoken).toBe(true);
  expect(acquire(second).isPending()).toBe(true);
  expect(again.poll()).not.toBe(Pending);
});

test("asking for another number begins anew, at the end of the line", () => {
  const semaphore = new Semaphore(1);
  const polling = new PollSemaphore(semaphore);
  expect(acquire(polling, 2).isPending()).toBe(true);
  const permit = acquire(polling, 1).poll() as SemaphorePermit;
  expect(permit.numPermits()).toBe(1);
  expect(polling.availablePermits()).toBe(0);
});

test("disposed it leaves the line, and what it was assigned goes back", () => {
  const semaphore = new Semaphore(0);
  const polling = new PollSemaphore(semaphore);
  acquire(polling, 2).poll();
  semaphore.addPermits(2);
  expect(semaphore.availablePermits()).toBe(0);
  polling[Symbol.dispose]();
  polling[Symbol.dispose]();
  expect(semaphore.availablePermits()).toBe(2);
  expect((acquire(polling, 2).poll() as SemaphorePermit).numPermits()).toBe(2);
});

test("a count that is none is refused, and leaves it as it was", () => {
  const semaphore = new Semaphore(1);
  const polling = new PollSemaphore(semaphore);
  expect(() => acquire(polling, -1).poll()).toThrow(CapacityError);
  expect(polling.getRef()).toBe(semaphore);
  expect(acquire(polling).poll()).not.toBe(Pending);
});

test("close: of the semaphore itself", () => {
  const semaphore = new Semaphore(1);
  const polling = new PollSemaphore(semaphore);
  expect(polling.isClosed()).toBe(false);
  polling.close();
  expect([polling.isClosed(), semaphore.isClosed()]).toEqual([true, true]);
  expect(acquire(polling).poll()).toBe(undefined);
});
