/**
 * The socket that systemd has opened for this process and keeps open while it is restarted (sd_listen_fds(3)): who
 * comes meanwhile waits in its queue, and is not refused.
 */

const FIRST_FD = 3;

export interface Inherited {
  readonly fd: number;
}

/** @throws where there are several: which of them is meant nobody knows */
export function inheritedSocket(env: Readonly<Record<string, string | undefined>>): Inherited | undefined {
  // They are another process's where it has started us and not taken them out.
  if (env.LISTEN_FDS === undefined || env.LISTEN_PID !== String(process.pid)) return undefined;
  if (env.LISTEN_FDS === '1') return { fd: FIRST_FD };
  throw new Error(
    `LISTEN_FDS is '${env.LISTEN_FDS}', and one socket is taken; name one ListenStream in the unit`,
  );
}
