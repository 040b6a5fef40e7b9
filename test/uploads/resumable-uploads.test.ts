/** Resumable uploads on the disk: begun, carried on, counted, expired, and read again at a start. */

import { createHash } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { UploadProblem } from '../../src/uploads/problem.js';
import { recover } from '../../src/uploads/recovery.js';
import { ResumableFolder } from '../../src/uploads/resumable-folder.js';
import { recoverResumable } from '../../src/uploads/resumable-recovery.js';
import { ResumableUploads } from '../../src/uploads/resumable-uploads.js';
import {
  OWNER,
  partialsIn,
  path,
  principal,
  resumableNamesIn,
  type Scene,
  scene,
  UNCONDITIONAL,
} from './given.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 1);
const id = (digit: string) => digit.repeat(32);

interface Given extends Scene {
  now: number;
  readonly inFolder: ResumableFolder;
  readonly resumable: ResumableUploads;
  begin(digit: string, owner?: typeof OWNER): ReturnType<ResumableUploads['begin']>;
  append(digit: string, offset: number, ...texts: readonly string[]): Promise<number>;
  again(): Promise<ResumableUploads>;
}

async function given(t: Test, openMax = 3, ownerMax = openMax): Promise<Given> {
  const scenery = await scene(t);
  const inFolder = new ResumableFolder(`${scenery.folder}/partial`, scenery.root);
  const made = () =>
    new ResumableUploads({ folder: inFolder, openMax, ownerMax, lifetimeMs: HOUR_MS, clock: () => it.now });
  const resumable = made();
  const it: Given = {
    ...scenery,
    now: START,
    inFolder,
    resumable,
    begin: (digit, owner = OWNER) =>
      resumable.begin({
        id: id(digit),
        path: path(`/team/${digit}`),
        owner,
        length: 10,
        metadata: { path: `/team/${digit}`, filetype: null },
        grants: 'anyone read',
        preconditions: { ...UNCONDITIONAL, ifNoneMatch: '*' },
      }),
    append: (digit, offset, ...texts) =>
      resumable.append(id(digit), offset, Readable.from(texts.map((text) => Buffer.from(text))), undefined),
    again: async () => {
      const uploads = made();
      const { root, store } = scenery;
      await recoverResumable({ folder: inFolder, uploads, root, files: store.files }, async () => {});
      return uploads;
    },
  };
  return it;
}

t.test(
  'what is known of an upload is read again at a start, and its bytes are where they were',
  async (t) => {
    const it = await given(t);
    const begun = await it.begin('a');
    await it.resumable.begin({ ...begun, id: id('b'), owner: undefined, length: undefined });
    t.equal(await it.append('a', 0, 'he', 'llo'), 5);
    t.equal(
      lstatSync(`${it.folder}/partial/tus/${id('a')}`).mode & 0o777,
      0o640,
      'a file as every other one',
    );
    const again = await it.again();
    t.strictSame(again.find(id('a')), it.resumable.find(id('a')));
    t.strictSame(again.find(id('b')), it.resumable.find(id('b')));
    t.equal(await again.offset(begun), 5);
    t.equal(again.find(id('c')), undefined);
  },
);

t.test('those of one owner are counted, and nobody is one', async (t) => {
  const it = await given(t);
  await it.begin('a');
  await it.begin('b', principal('user:bob'));
  const nobodys = await it.resumable
    .begin({ ...(await it.begin('c')), id: id('d'), owner: undefined })
    .catch((error) => error);
  t.match(nobodys, { code: 'too-busy' }, 'there may be three');
  t.strictSame(
    it.resumable.ofOwner(OWNER).map((upload) => upload.id),
    [id('a'), id('c')],
  );
  t.strictSame(
    it.resumable.ofOwner(principal('user:bob')).map(({ length }) => length),
    [10],
  );
  t.strictSame(it.resumable.ofOwner(undefined), []);
  await it.resumable.end(id('a'));
  t.equal(it.resumable.ofOwner(OWNER).length, 1);
});

t.test('one owner leaves places to the others', async (t) => {
  const it = await given(t, 3, 1);
  await it.begin('a');
  await t.rejects(it.begin('b'), { code: 'too-many', message: /^1 resumable uploads of yours/ });
  t.strictSame(resumableNamesIn(it.folder), [id('a'), `${id('a')}.json`], 'nothing was begun');
  await it.begin('c', principal('user:bob'));
  await it.resumable.end(id('a'));
  await it.begin('d');
});

t.test(
  'it expires by the time since it was begun, however much has come; a finished one is known for a day',
  async (t) => {
    const it = await given(t);
    await it.begin('a');
    const done = await it.begin('b');
    await it.resumable.finish(done, '"1-a"');
    it.now += HOUR_MS - 1;
    await it.append('a', 0, 'x');
    t.ok(it.resumable.find(id('a')));
    t.equal(await it.resumable.sweep(it.now), 0);
    it.now += 1;
    t.equal(it.resumable.find(id('a')), undefined, 'before anybody sweeps');
    t.strictSame(it.resumable.ofOwner(OWNER), []);
    t.match(it.resumable.find(id('b')), { finished: { entityTag: '"1-a"' } });
    t.equal(await (await it.again()).sweep(it.now), 1);
    t.strictSame(resumableNamesIn(it.folder), [`${id('b')}.json`]);
    it.now = START + DAY_MS;
    t.equal(it.resumable.find(id('b')), undefined);
    await it.resumable.sweep(it.now);
    t.strictSame(resumableNamesIn(it.folder), []);
  },
);

t.test('of a checksum that does not match nothing stays, and what follows is kept', async (t) => {
  const it = await given(t);
  const begun = await it.begin('a');
  await it.append('a', 0, 'abc');
  const send = (text: string, of: string) =>
    it.resumable.append(begun.id, 3, Readable.from([Buffer.from(text)]), {
      algorithm: 'sha1',
      digest: createHash('sha1').update(of).digest(),
    });
  await t.rejects(send('xyz', 'other'), { code: 'digest-mismatch' });
  t.equal(await it.resumable.offset(begun), 3);
  t.equal(await it.append('a', 3, 'def'), 6);
  t.equal(await (await it.again()).offset(begun), 6, 'the next start takes nothing off');
});

t.test(
  'what could not be noted as compared is sent again, and a start takes nothing off a file',
  async (t) => {
    const it = await given(t);
    const begun = await it.begin('a');
    const abc = () => Readable.from([Buffer.from('abc')]);
    const checksum = { algorithm: 'sha1', digest: createHash('sha1').update('abc').digest() } as const;
    const inTheWay = `${it.folder}/partial/tus/${id('a')}.json.new`;
    const source = async function* () {
      yield Buffer.from('abc');
      mkdirSync(inTheWay); // the record cannot be written from here on
    };
    await t.rejects(it.resumable.append(begun.id, 0, source(), checksum), { code: 'EISDIR' });
    rmdirSync(inTheWay);
    const offset = async () => {
      const upload = it.resumable.find(begun.id);
      return upload && it.resumable.offset(upload);
    };
    t.equal(await offset(), 0);
    t.equal(await it.resumable.append(begun.id, 0, Readable.from([Buffer.from('x')]), undefined), 1);
    t.equal(await offset(), 1, 'nothing of the earlier bytes is behind it');
    t.equal(await it.resumable.append(begun.id, 1, abc(), checksum), 4);
    const again = await it.again();
    const known = again.find(begun.id);
    t.equal(known && (await again.offset(known)), 4);
    t.equal(readFileSync(`${it.folder}/partial/tus/${id('a')}`, 'utf8'), 'xabc');
  },
);

t.test('handed over where the disk takes no record, no second name of its bytes stays', async (t) => {
  const it = await given(t);
  const begun = await it.begin('a');
  await it.append('a', 0, 'abcdefghij');
  mkdirSync(`${it.folder}/partial/tus/${id('a')}.json.new`);
  await t.rejects(it.resumable.handOver(begun), { code: 'EISDIR' });
  t.strictSame(partialsIn(it.folder), []);
});

t.test('a source that breaks off leaves what has come', async (t) => {
  const it = await given(t);
  const begun = await it.begin('a');
  const broken = async function* () {
    yield Buffer.from('abc');
    throw new Error('the client has gone');
  };
  await t.rejects(it.resumable.append(begun.id, 0, broken(), undefined), { message: 'the client has gone' });
  t.equal(await it.resumable.offset(begun), 3);
});

t.test('a start removes what belongs to no upload, and nothing that is not ours', async (t) => {
  const it = await given(t);
  await it.begin('a');
  const at = (name: string) => `${it.folder}/partial/tus/${name}`;
  writeFileSync(at(id('b')), 'bytes alone');
  writeFileSync(at(`${id('c')}.json`), '{"id":');
  writeFileSync(at(`${id('d')}.json`), readFileSync(at(`${id('a')}.json`)));
  writeFileSync(at(`${id('a')}.json.new`), '{');
  linkSync(at(id('b')), at('0f8fad5b-d9cb-469f-a165-70867728950e'));
  writeFileSync(at('notes.txt'), "the operator's");
  const again = await it.again();
  t.strictSame(resumableNamesIn(it.folder), [id('a'), `${id('a')}.json`, 'notes.txt']);
  t.equal(again.ofOwner(OWNER).length, 1);
});

t.test('what an older version, a power cut or somebody else left as a record is no upload', async (t) => {
  const it = await given(t);
  await it.begin('a');
  const at = (name: string) => `${it.folder}/partial/tus/${name}`;
  const texts = ['', '\0'.repeat(64), 'null', '[]', JSON.stringify({ id: id('b'), path: '/b' })];
  for (const text of texts) {
    writeFileSync(at(id('b')), 'bytes');
    writeFileSync(at(`${id('b')}.json`), text);
    const again = await it.again();
    t.equal(again.find(id('b')), undefined, JSON.stringify(text));
    t.ok(again.find(id('a')), 'the others go on');
    t.strictSame(resumableNamesIn(it.folder), [id('a'), `${id('a')}.json`]);
  }
});

t.test('a commit that failed is tried twice more at once, then ever more rarely', async (t) => {
  const it = await given(t);
  const begun = await it.begin('a');
  await it.append('a', 0, 'abcdefghij');
  const pause = () => it.resumable.pauseMs(it.resumable.find(begun.id) ?? begun);
  const pauses = [pause()];
  for (let tries = 1; tries <= 10; tries++) {
    await it.inFolder.unlink((await it.resumable.handOver(begun)).name);
    await it.resumable.takeBack(begun.id);
    pauses.push(pause());
  }
  const minutes = [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60];
  t.strictSame(
    pauses.map((ms) => ms / 60_000),
    minutes,
  );
  const again = await it.again();
  t.equal(again.pauseMs(again.find(begun.id) ?? begun), 3_600_000, 'a start makes nobody wait for less');
  it.now += 3_599_999;
  t.equal(pause(), 1);
  it.now -= 2 * 3_600_000;
  t.equal(pause(), 3_600_000, 'nor does a clock that was set back for longer');
});

t.test('a start on a disk that takes no record goes on, and keeps the uploads', async (t) => {
  const it = await given(t);
  const checked = await it.begin('a');
  await it.append('a', 0, 'abc');
  await it.inFolder.write({ ...checked, uncheckedFrom: 1 });
  const handed = await it.begin('b');
  await it.append('b', 0, 'abcdefghij');
  await it.resumable.handOver(handed);
  class FullFolder extends ResumableFolder {
    override async write(): Promise<void> {
      throw new UploadProblem('no-space', 'full');
    }
  }
  const folder = new FullFolder(`${it.folder}/partial`, it.root);
  const uploads = new ResumableUploads({
    folder,
    openMax: 3,
    ownerMax: 3,
    lifetimeMs: HOUR_MS,
    clock: () => START,
  });
  const { root, store } = it;
  await recoverResumable({ folder, uploads, root, files: store.files }, () => recover(store.files, root));
  const offsets = uploads.ofOwner(OWNER).map(async (upload) => [upload.id, await uploads.offset(upload)]);
  t.strictSame((await Promise.all(offsets)).sort(), [
    [id('a'), 1],
    [id('b'), 10],
  ]);
});

t.test('one that cannot be removed keeps no other from being swept', async (t) => {
  const it = await given(t);
  await it.begin('a');
  await it.begin('b');
  await it.inFolder.removeBytes(id('a'));
  mkdirSync(`${it.folder}/partial/tus/${id('a')}`);
  it.now += HOUR_MS;
  await t.rejects(it.resumable.sweep(it.now), 'the operator is told');
  t.strictSame(resumableNamesIn(it.folder), [id('a'), `${id('a')}.json`]);
  rmdirSync(`${it.folder}/partial/tus/${id('a')}`);
  t.equal(await it.resumable.sweep(it.now), 1);
  t.strictSame(resumableNamesIn(it.folder), []);
});

t.test('one whose bytes somebody removed is over at the next start', async (t) => {
  const it = await given(t);
  await it.begin('a');
  await it.inFolder.removeBytes(id('a'));
  t.equal((await it.again()).find(id('a')), undefined);
  t.strictSame(readdirSync(`${it.folder}/partial/tus`), []);
});
