// Where problems are told that no caller can be told of: to the operator of the host.

let tell: (text: string) => void = (text) => console.error(text);

/** A runtime that is loaded has its host tell. */
export function setReport(report: (text: string) => void): void {
  tell = report;
}

/** Tells whoever runs the program. `text` begins with `tokiwa: `. */
export function report(text: string): void {
  tell(text);
}
