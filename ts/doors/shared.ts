// The door from the plain primitives to their shared twins, where there are threads. In a browser's build no-shared.ts is here instead.

import * as forms from "../sync/shared/forms.js";

export * from "../sync/shared/ends.js";

/** What makes shared primitives. */
export function sharedForms(): typeof forms {
  return forms;
}
