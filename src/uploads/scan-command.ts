/**
 * A scan by a program of the operator's: the file is its last argument, and its exit code is the answer, as clamdscan
 * gives it. It has none of our secrets, and is ended with all that it has started when it takes too long.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { NotKnown } from '../acl/errors.js';
import { reasonIn, SAID_BYTES_MAX, type ScannedFile, type Verdict } from './scan.js';

export interface ScanCommand {
  /** An absolute path, and arguments before the file. */
  readonly words: readonly string[];
  readonly timeoutMs: number;
}

/** Exit codes: 0 is yes, 1 is no, and everything else is not knowing. */
const NO = 1;
/** How long its last words may take after its end. */
const OUTPUT_MS = 500;
const KEPT_ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'] as const;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

export class CommandScan {
  readonly #command: ScanCommand;
  readonly #running = new Set<ChildProcess>();

  constructor(command: ScanCommand) {
    this.#command = command;
  }

  /** @throws NotKnown */
  async scan(file: ScannedFile): Promise<Verdict> {
    const { code, signal, said } = await this.#run(file).catch((error: Error) => {
      throw new NotKnown('scan-unavailable', `the scan cannot be run: ${error.message}`, { cause: error });
    });
    if (code === 0) return { kind: 'yes' };
    if (code === NO) return { kind: 'no', reason: reasonIn(said) };
    const how = code === null ? `by ${signal}` : `with exit code ${code}`;
    throw new NotKnown('scan-unavailable', `the scan of ${file.path} ended ${how}: ${reasonIn(said)}`);
  }

  /** Ends those that run; whoever waits for one is told that it is not known. */
  close(): void {
    for (const child of this.#running) killGroup(child);
  }

  #run({ file, path, bytes, owner }: ScannedFile): Promise<Ended> {
    const { words, timeoutMs } = this.#command;
    const [program = '', ...args] = words;
    const about = {
      LATCHKEY_SCAN_PATH: path,
      LATCHKEY_SCAN_BYTES: `${bytes}`,
      LATCHKEY_SCAN_OWNER: owner ?? '',
    };
    return new Promise((resolve, reject) => {
      const child = spawn(program, [...args, file], {
        env: { ...keptEnvironment(), ...about },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // a process group of its own, so that it can be ended whole
      });
      this.#running.add(child);
      const over = () => {
        clearTimeout(timer);
        this.#running.delete(child);
      };
      const timer = setTimeout(() => {
        killGroup(child);
        reject(new Error(`it has not ended after ${timeoutMs} ms, and was killed`));
      }, timeoutMs);
      const said = heard(child);
      child.once('error', (error) => {
        over();
        reject(error);
      });
      child.once('exit', (code, signal) => {
        over();
        killGroup(child); // what it has started and left
        const settle = () => {
          child.stdout.destroy();
          child.stderr.destroy();
          resolve({ code, signal, said: said() });
        };
        child.once('close', settle);
        setTimeout(settle, OUTPUT_MS).unref(); // somebody outside of its group may hold its output open
      });
    });
  }
}

function heard({ stdout, stderr }: ChildProcess): () => string {
  let said = '';
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < SAID_BYTES_MAX) said = (said + text).slice(0, SAID_BYTES_MAX);
    });
  }
  return () => said;
}

function keptEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(KEPT_ENVIRONMENT.map((name) => [name, process.env[name]]));
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error; // gone already, or not ours to end
  }
}
