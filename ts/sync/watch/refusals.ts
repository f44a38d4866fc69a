// What both forms of watch say when nobody is on the other side.

import { RecvError, SendError } from "../errors.js";

/** The value comes back: nobody would see it. */
export function noReceiver<T>(value: T): SendError<T> {
  return new SendError(
    value,
    "there is no receiver now: `sendReplace` keeps the value all the same",
  );
}

/** For who waits for another value. */
export function noOtherValue(): RecvError {
  return new RecvError("channel closed: every sender is gone, and the last value has been seen");
}

/** For who only asks. */
export function sendersGone(): RecvError {
  return new RecvError("channel closed: every sender is gone");
}
