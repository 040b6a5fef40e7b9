/**
 * A process that makes a file of a resumable upload, or of parts of one, with the built program, over a real store and a real folder, and
 * kills itself by SIGKILL at the step that the plan names. Run by Node itself, which strips the types; never imported
 * but for its types.
 */

import type { ResourcePath } from '../../src/acl/resource-path.js';
import type { CommitStep } from '../../src/uploads/committer.js';
import type { ResumableUpload } from '../../src/uploads/resumable-upload.js';

export interface ResumablePlan {
  readonly folder: string;
  readonly id: string;
  readonly path: string;
  readonly text: string;
  readonly grants: string;
  /** Ids of two parts, of which it is put together. */
  readonly parts?: readonly string[];
  readonly killAt:
    | CommitStep
    | 'unchecked'
    | 'begun'
    | 'joining'
    | 'joined'
    | 'linked'
    | 'handed-over'
    | 'noted'
    | 'bytes-removed'
    | 'part-removed';
}

const load = async <T>(module: string): Promise<T> =>
  import(new URL(`../../dist/${module}`, import.meta.url).href);

const { Authorizer } = await load<typeof import('../../src/acl/authorizer.js')>('acl/authorizer.js');
const { CachedReader } =
  await load<typeof import('../../src/storage/cached-reader.js')>('storage/cached-reader.js');
const { openSqliteStore } =
  await load<typeof import('../../src/storage/sqlite/open.js')>('storage/sqlite/open.js');
const { Committer } = await load<typeof import('../../src/uploads/committer.js')>('uploads/committer.js');
const { ResumableFolder } = await load<typeof import('../../src/uploads/resumable-folder.js')>(
  'uploads/resumable-folder.js',
);
const { ResumableUploads } = await load<typeof import('../../src/uploads/resumable-uploads.js')>(
  'uploads/resumable-uploads.js',
);
const { StorageRoot } =
  await load<typeof import('../../src/uploads/storage-root.js')>('uploads/storage-root.js');
const { Credentials } =
  await load<typeof import('../../src/credentials/credential.js')>('credentials/credential.js');
const { Gate } = await load<typeof import('../../src/http/gate.js')>('http/gate.js');
const { commitUpload } = await load<typeof import('../../src/http/tus/commit.js')>('http/tus/commit.js');
const { joinAndCommit } = await load<typeof import('../../src/http/tus/final.js')>('http/tus/final.js');
const { FreeSpace } = await load<typeof import('../../src/uploads/free-space.js')>('uploads/free-space.js');
const { UploadLocks } =
  await load<typeof import('../../src/http/tus/upload-locks.js')>('http/tus/upload-locks.js');

const plan = JSON.parse(process.argv[2] ?? '') as ResumablePlan;
const { folder, id, parts } = plan;

function reach(step: ResumablePlan['killAt']): void {
  if (step === plan.killAt) process.kill(process.pid, 'SIGKILL');
}

class StoppingFolder extends ResumableFolder {
  override async link(id: string): Promise<string> {
    const partial = await super.link(id);
    reach('linked');
    return partial;
  }

  override async write(upload: ResumableUpload): Promise<void> {
    await super.write(upload);
    if (upload.partial !== undefined) reach('handed-over');
    if (upload.finished !== undefined) reach('noted');
    if (upload.concat?.parts !== undefined) reach('begun');
  }

  override async remove(id: string): Promise<void> {
    await super.remove(id);
    if (parts?.includes(id)) reach('part-removed');
  }

  override async removeBytes(id: string): Promise<void> {
    await super.removeBytes(id);
    reach('bytes-removed');
  }
}

class StoppingUploads extends ResumableUploads {
  override async join(id: string, from: readonly string[]): Promise<void> {
    // Some of its bytes, durably: more than a kill in the middle may leave.
    if (plan.killAt === 'joining') await super.join(id, from.slice(0, 1), undefined);
    reach('joining');
    await super.join(id, from, undefined);
    reach('joined');
  }
}

const clock = () => Date.now();
const root = new StorageRoot({
  root: `${folder}/store`,
  mount: '/files/',
  partialFolder: `${folder}/partial`,
});
const store = openSqliteStore(`${folder}/latchkey.db`);
const resumable = new StoppingUploads({
  folder: new StoppingFolder(`${folder}/partial`, root),
  openMax: 10,
  ownerMax: 10,
  lifetimeMs: 3_600_000,
  clock,
});
const policy = { administrators: new Set<never>(), home: undefined };
const reader = new CachedReader(store.facts, { bytesMax: 1_000_000 });

const asked = {
  id,
  path: plan.path as ResourcePath,
  owner: undefined,
  metadata: {},
  grants: plan.grants,
  preconditions: { ifMatch: undefined, ifNoneMatch: undefined, ifUnmodifiedSince: undefined },
};

async function* halves() {
  yield Buffer.from(plan.text.slice(0, 2));
  reach('unchecked');
  yield Buffer.from(plan.text.slice(2));
}

async function* one(text: string) {
  yield Buffer.from(text);
}

const deps = {
  gate: new Gate(new Authorizer(reader, policy, clock), new Credentials([]), undefined),
  root,
  committer: new Committer({ root, files: store.files, expiries: store.expiries, clock, onStep: reach }),
  mount: '/files/',
  clock,
  uploadBytesMax: 1_000_000,
  resumable,
  locks: new UploadLocks(),
  quotas: store.quotas,
  userLimits: { bytesMax: undefined, filesMax: undefined },
  uploadLimits: { freeSpace: new FreeSpace({ folder, bytesMin: 0 }) } as never,
};
const subject = { authenticated: false, user: undefined, groups: [] };
const who = { subject, request: {} } as never;

async function ofOne(): Promise<void> {
  const upload = await resumable.begin({ ...asked, length: plan.text.length });
  const digest = Buffer.alloc(20);
  const checksum = plan.killAt === 'unchecked' ? ({ algorithm: 'sha1', digest } as const) : undefined;
  await resumable.append(id, 0, halves(), checksum);
  await commitUpload(deps, { upload, who });
}

async function ofParts(ids: readonly string[]): Promise<void> {
  const half = Math.ceil(plan.text.length / ids.length);
  for (const [i, part] of ids.entries()) {
    const text = plan.text.slice(i * half, (i + 1) * half);
    await resumable.begin({ ...asked, id: part, length: text.length, concat: { said: 'partial' } });
    await resumable.append(part, 0, one(text), undefined);
  }
  const begin = { ...asked, concat: { said: 'final;', parts: ids } };
  await joinAndCommit(deps, { who, begin, parts: ids, checksum: undefined });
}

await (parts === undefined ? ofOne() : ofParts(parts));
throw new Error(`the step '${plan.killAt}' was never reached`);
