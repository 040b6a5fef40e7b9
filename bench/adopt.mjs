// `node bench/adopt.mjs [FILES] [--flat]`: adopt and fsck of a million small files (docs/operations.md), by the clock,
// by CPU and by memory; and how long uploads to a files service take meanwhile. The files are made in the folder of
// temporary files and removed afterwards. With --flat all lie in one folder.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLI } from './authorizer.mjs';
import { cpu, memory } from './measure.mjs';

const FILES = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 1_000_000);
const FOLDERS = process.argv.includes('--flat') ? 1 : 1_000;
const POLL_MS = 20;
const UPLOADS_ALONE = 300;

const home = mkdtempSync(join(tmpdir(), 'latchkey-adopt-'));
const data = join(home, 'data');
const env = { ...process.env, LATCHKEY_DATA: data, LATCHKEY_USER: 'root' };
try {
  mkdirSync(data);
  for (let folder = 0; folder < FOLDERS; folder++) {
    const docs = join(data, 'store/files/users', `user-${folder}`, 'docs');
    mkdirSync(docs, { recursive: true });
    for (let i = 0; i < FILES / FOLDERS; i++) closeSync(openSync(join(docs, `file-${i}.txt`), 'w'));
  }
  const files = spawn(process.execPath, [CLI, 'files'], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await new Promise((resolve) => files.once('message', resolve));
  const { stdout: token } = await run(['token', 'bob']);
  let alone = UPLOADS_ALONE;
  toldWaits('alone', await uploading('alone', token.trim(), () => alone-- > 0));
  let goesOn = true;
  const uploads = uploading('meanwhile', token.trim(), () => goesOn);
  await told(['adopt', '--owner-by', '/users/{user}/']);
  goesOn = false;
  toldWaits('meanwhile', await uploads);
  files.kill();
  await told(['adopt']);
  await told(['fsck']);
  rmSync(join(data, 'latchkey.db'));
  await told(['fsck']);
} finally {
  rmSync(home, { recursive: true });
}

function toldWaits(when, waits) {
  waits.sort((a, b) => a - b);
  const at = (part) => Math.round(waits[Math.floor(part * (waits.length - 1))]);
  console.log(
    `  uploads ${when}: ${waits.length}, median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`,
  );
}

async function told(words) {
  const { stdout, seconds, used, mib } = await run(words);
  console.log(`latchkey ${words.join(' ')}: ${seconds.toFixed(1)} s, ${used} s of CPU, ${mib} MiB`);
  console.log(`  ${stdout.trim().split('\n').slice(-2).join('; ')}`);
}

function run(words) {
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(process.execPath, [CLI, ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let [stdout, mib, used] = ['', 0, 0];
    const timer = setInterval(() => {
      try {
        mib = memory(child.pid, 'VmHWM') || mib;
        used = cpu(child.pid) / 1e6;
      } catch {} // it has ended
    }, POLL_MS);
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.once('close', () => {
      clearInterval(timer);
      resolve({ stdout, mib, used, seconds: (performance.now() - began) / 1000 });
    });
  });
}

async function uploading(when, token, goesOn) {
  const waits = [];
  for (let i = 0; goesOn(); i++) {
    const began = performance.now();
    await put(token, `/_latchkey/write/files/users/bob/${when}-${i}`);
    waits.push(performance.now() - began);
  }
  return waits;
}

function put(token, path) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-length': 1 };
    const asked = request(
      { socketPath: join(data, 'run/files.sock'), method: 'PUT', path, headers },
      (answer) => {
        if (answer.statusCode !== 201) reject(new Error(`${path}: ${answer.statusCode}`));
        answer.resume().on('end', resolve);
      },
    );
    asked.on('error', reject).end('x');
  });
}
