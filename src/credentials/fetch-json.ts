/**
 * Asks another server for a JSON document, with a limit on everything that it controls: time, bytes, redirects.
 * Used for an issuer's keys and a site's sessions; what an answer means is theirs.
 */

export interface FetchedJson {
  readonly status: number;
  /** `undefined` when the body is no JSON. */
  readonly json: unknown;
}

export interface FetchLimits {
  /** Of the whole exchange, the body included. */
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

/** @throws Error with one line that says what went wrong, and nothing of what was sent */
export async function fetchJson(
  url: string,
  headers: Readonly<Record<string, string>>,
  { timeoutMs, bytesMax }: FetchLimits,
): Promise<FetchedJson> {
  const where = new URL(url).origin;
  try {
    const response = await fetch(url, {
      // A kept connection that the other side closes just as we ask would be a failure of nobody's; and it takes
      // a place where a server has few.
      headers: { accept: 'application/json', connection: 'close', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    // What an error page says, or how long it is, is nothing to us.
    if (!response.ok) {
      await response.body?.cancel();
      return { status: response.status, json: undefined };
    }
    return { status: response.status, json: parsed(await limitedText(response, bytesMax)) };
  } catch (error) {
    const { name, message, cause } = error as Error;
    if (name === 'TimeoutError') throw new Error(`${where} did not answer within ${timeoutMs} ms`);
    const reason =
      cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message;
    throw new Error(`${where} could not be asked: ${reason}`);
  }
}

async function limitedText(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop by an error cancels the body.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
