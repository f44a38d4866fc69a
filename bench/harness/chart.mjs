export function chart() { return ""; }
