import { setPriority } from 'node:os';

let alone = false;

/** Says that the process runs one command and nothing else: the priority of another one is not a command's to lower. */
export function isOneCommand(): void {
  alone = true;
}

/** Lets what is answered meanwhile come first; lower than this the process could starve. */
export function stepBack(): void {
  if (alone) setPriority(10);
}
