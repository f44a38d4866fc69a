// Where the encoder is. Nothing is put together until something has gone wrong: a step is one store, `keys[depth] = key`.

/** How a step reads. */
export const Step = {
  Property: 0,
  Element: 1,
  MapKey: 2,
  MapValue: 3,
  SetValue: 4,
  State: 5,
} as const;

/** Where a body stood that was put off. */
export interface Origin {
  readonly keys: readonly unknown[];
  readonly steps: readonly number[];
  readonly before: Origin | undefined;
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
/** A path as long as this is cut in the middle. */
const MAX_STEPS = 40;
const LONGEST_KEY = 60;

function quoted(key: string): string {
  return JSON.stringify(key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key);
}

function textOfStep(step: number, key: unknown): string {
  switch (step) {
    case Step.Property:
      return IDENTIFIER.test(String(key)) ? `.${String(key)}` : `[${quoted(String(key))}]`;
    case Step.Element:
      return `[${String(key)}]`;
    case Step.MapKey:
      return `.keys()[${String(key)}]`;
    case Step.MapValue:
      return typeof key === "string" ? `.get(${quoted(key)})` : `.values()[${String(key)}]`;
    case Step.SetValue:
      return `.values()[${String(key)}]`;
    default:
      return ".state";
  }
}

/** `arguments[0].onDone` */
export function textOfPath(root: string, origin: Origin): string {
  const steps: string[] = [];
  for (let at: Origin | undefined = origin; at !== undefined; at = at.before)
    steps.unshift(...at.keys.map((key, i) => textOfStep(at?.steps[i] ?? 0, key)));
  if (steps.length > MAX_STEPS) {
    const left = steps.length - MAX_STEPS;
    steps.splice(MAX_STEPS / 2, left, ` … (${left} more) … `);
  }
  return root + steps.join("");
}
