/** Accounts of this machine, from /etc/passwd: who owns the data folder, and whom root drops to. */

import { readFileSync } from 'node:fs';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export function accountNamed(name: string): Account | undefined {
  return accounts().find((account) => account.name === name);
}

export function accountOf(uid: number): Account | undefined {
  return accounts().find((account) => account.uid === uid);
}

function accounts(): Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}
