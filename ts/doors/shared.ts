// Behind `#shared` where there are threads: what the plain primitives need of their shared twins.

import { installDriver } from "../runtime/context.js";
import * as forms from "../sync/shared/forms.js";

export * from "../sync/shared/ends.js";

/** What makes shared primitives. With the runtime, which says in what memory. */
export function sharedForms(): typeof forms {
  installDriver();
  return forms;
}
