// What both forms of broadcast say when nobody is on the other side.

import { RecvError, SendError } from "../errors.js";

/** The value comes back: nobody can receive it. */
export function noReceiver<T>(value: T): SendError<T> {
  return new SendError(value, "there is no receiver now; one can come by `subscribe()`");
}

export function allReceived(): RecvError {
  return new RecvError("channel closed: every sender is gone, and every value has been received");
}
