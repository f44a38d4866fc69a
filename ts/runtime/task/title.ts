// What a task is called in messages.

/** The number, and the name that it was given or that of its function. */
export function titleOf(task: {
  readonly id: number;
  readonly name: string | undefined;
  readonly fn: string;
}): string {
  const name = task.name ?? task.fn;
  return name ? `task ${task.id} "${name}"` : `task ${task.id}`;
}
