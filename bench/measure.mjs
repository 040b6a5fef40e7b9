// What is measured: one run of wrk, the CPU and the memory of processes; and the median of rounds.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const CONNECTIONS = '32';
const UNIT_MS = { us: 0.001, ms: 1, s: 1000 };
const TICK_MICROS = 10_000;

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

/** Microseconds, of all its threads: the clock would also see what else the machine does. */
export function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}

/** MiB. @param name VmRSS; VmHWM is the most that it was */
export function memory(pid, name = 'VmRSS') {
  const kib = new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
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

/** The files service of `latchkey up`. */
export function filesServiceOf(up) {
  return childrenOf(up).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').endsWith('\0files\0'));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
