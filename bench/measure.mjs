// One run of wrk, and the memory of a process.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const CONNECTIONS = '32';
const UNIT_MS = { us: 0.001, ms: 1, s: 1000 };

/** Requests a second, p50 and p99 in ms, and how many answers were not 2xx. */
export function load({ url, token, script }, seconds) {
  const headers = token === undefined ? [] : ['-H', `Authorization: Bearer ${token}`];
  const scripted = script === undefined ? [] : ['-s', script];
  const args = ['-t1', '-c', CONNECTIONS, '-d', `${seconds}s`, '--latency', ...headers, ...scripted, url];
  const { stdout, stderr } = spawnSync('wrk', args, { encoding: 'utf8' });
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0)) throw new Error(`wrk: ${stdout}${stderr}`);
  const errors = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
  return { rate, p50: percentile(stdout, 50), p99: percentile(stdout, 99), errors };
}

function percentile(text, which) {
  const [, value, unit] = new RegExp(`${which}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
  return Number(value) * UNIT_MS[unit];
}

/** KiB. */
export function rss(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

export function childOf(parent) {
  return childrenOf(parent)[0];
}

export function childrenOf(parent) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(parent)
      );
    } catch {
      return false;
    }
  });
}
