import { createInterface, emitKeypressEvents, type Interface } from 'node:readline';

/** Where a person's keys come from; both resolve with null at the end of the input or after Ctrl-C. */
export interface Keys {
  /** One key. */
  key(): Promise<string | null>;
  /** One line of text. */
  line(): Promise<string | null>;
  close(): void;
}

/** Lines of a pipe or file: a key is the first letter of its line, so that `y` and `yes` are the same. */
function pipedKeys(input: NodeJS.ReadStream): Keys {
  const lines = createInterface({ input });
  const iterator = lines[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await iterator.next();
    return done === true ? null : (value as string).trim();
  };
  return {
    line,
    async key() {
      const text = await line();
      return text === null ? null : text.slice(0, 1).toLowerCase();
    },
    close: () => lines.close(),
  };
}

/** A terminal: single keys are read without Enter. */
function terminalKeys(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Keys {
  emitKeypressEvents(input);
  let lines: Interface | undefined;
  return {
    key: () =>
      new Promise((resolve) => {
        const onKey = (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
          // raw mode hands out Ctrl-C and Ctrl-D as keys
          const end = key.ctrl === true && (key.name === 'c' || key.name === 'd');
          if (!end && (text === undefined || key.ctrl === true)) return;
          input.off('keypress', onKey);
          input.setRawMode(false);
          input.pause();
          resolve(end ? null : (text ?? '').toLowerCase());
        };
        input.on('keypress', onKey);
        input.setRawMode(true);
        input.resume();
      }),
    line: () =>
      new Promise((resolve) => {
        lines = createInterface({ input, output, terminal: true });
        lines.once('close', () => resolve(null)).once('SIGINT', () => lines?.close());
        lines.question('> ', (text) => {
          resolve(text.trim());
          lines?.close();
        });
      }),
    close: () => {
      lines?.close();
      input.pause();
    },
  };
}

/** Keys of this process's standard input. */
export function standardKeys(): Keys {
  return process.stdin.isTTY
    ? terminalKeys(process.stdin, process.stderr as NodeJS.WriteStream)
    : pipedKeys(process.stdin);
}
