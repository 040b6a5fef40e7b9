/** A link ends with what allowed it: the grant, the membership, the maker's standing, or the administrator's. */

import t, { type Test } from 'tap';
import { principal } from '../acl/given.js';
import { draft } from '../storage/given.js';
import { NOW } from '../storage/given-links.js';
import { ADMINISTRATOR, ANN, ENG, linkScene, type Made } from './link-scene.js';

type Scene = ReturnType<typeof linkScene>;

const OPEN = 'open /team/plan.pdf';
const ENDED = 'ended authority';

async function ofGrant(scene: Scene, line: string, groups: readonly string[] = []): Promise<Made> {
  const grantId = await scene.granted(line);
  return scene.make(scene.by(grantId, ANN, groups.map(principal)));
}

interface Case {
  readonly name: string;
  /** What gives the maker `manage`, and is recorded. */
  readonly grant: string;
  readonly claimed?: readonly string[];
  readonly stored?: readonly string[];
  readonly change: (scene: Scene) => unknown;
  readonly becomes: string;
}

async function withdraw({ store }: Scene, line: string): Promise<void> {
  const { principal, path, effect } = draft(line);
  await store.acl.removeGrants({ principal, path, effect, actions: ['read', 'write', 'manage'] });
}

const CASES: readonly Case[] = [
  {
    name: 'nothing happened',
    grant: 'user:ann manage /team/',
    change: () => {},
    becomes: OPEN,
  },
  {
    name: 'the grant is revoked',
    grant: 'user:ann manage /team/',
    change: (scene) => withdraw(scene, 'user:ann manage /team/'),
    becomes: ENDED,
  },
  {
    name: 'the grant is revoked while another one gives the same',
    grant: 'user:ann manage /team/',
    change: async (scene) => {
      await scene.granted('user:ann manage /');
      await withdraw(scene, 'user:ann manage /team/');
    },
    becomes: ENDED,
  },
  {
    name: 'the grant is revoked and given anew',
    grant: 'user:ann manage /team/',
    change: async (scene) => {
      await withdraw(scene, 'user:ann manage /team/');
      await scene.granted('user:ann manage /team/');
    },
    becomes: ENDED,
  },
  {
    name: 'the grant is set again, the same',
    grant: 'user:ann manage /team/',
    change: (scene) => scene.granted('user:ann manage /team/'),
    becomes: OPEN,
  },
  {
    name: 'the grant is set again, to end',
    grant: 'user:ann manage /team/',
    change: async (scene) => {
      await scene.granted(`user:ann manage /team/ until ${NOW + 5}`);
      scene.at(NOW + 5);
    },
    becomes: ENDED,
  },
  {
    name: 'the grant becomes a deny',
    grant: 'user:ann manage /team/',
    change: (scene) => scene.granted('user:ann deny manage /team/'),
    becomes: ENDED,
  },
  {
    name: 'the grant becomes a deny below a nearer allow',
    grant: 'user:ann manage /team/',
    change: async (scene) => {
      await scene.granted('user:ann manage /team/plan.pdf');
      await scene.granted('user:ann deny manage /team/');
    },
    becomes: ENDED,
  },
  {
    name: 'the grant expires',
    grant: `user:ann manage / until ${NOW + 5}`,
    change: (scene) => scene.at(NOW + 5),
    becomes: ENDED,
  },
  {
    name: 'the grant expires while another one gives the same',
    grant: `user:ann manage /team/ until ${NOW + 5}`,
    change: async (scene) => {
      await scene.granted('user:ann manage /');
      scene.at(NOW + 5);
    },
    becomes: ENDED,
  },
  {
    name: 'the grant is set again, to begin later, while another one gives the same',
    grant: 'group:eng manage /team/',
    claimed: ['group:eng'],
    change: async (scene) => {
      await scene.granted('user:ann manage /');
      await scene.granted(`group:eng manage /team/ from ${NOW + 5}`);
    },
    becomes: ENDED,
  },
  {
    name: 'the grant is in its last millisecond',
    grant: `user:ann manage / until ${NOW + 5}`,
    change: (scene) => scene.at(NOW + 4),
    becomes: OPEN,
  },
  {
    name: 'the maker leaves the stored group',
    grant: 'group:eng manage /team/',
    stored: ['group:eng'],
    change: ({ store }) => store.acl.removeMember(ENG, ANN),
    becomes: ENDED,
  },
  {
    name: 'the maker leaves the group and may manage all the same',
    grant: 'group:eng manage /team/',
    stored: ['group:eng'],
    change: async ({ store, granted }) => {
      await granted('user:ann manage /');
      await store.acl.removeMember(ENG, ANN);
    },
    becomes: ENDED,
  },
  {
    name: 'the maker was in a group by a claim',
    grant: 'group:eng manage /team/',
    claimed: ['group:eng'],
    change: () => {},
    becomes: OPEN,
  },
  {
    name: 'the maker of a claimed group loses a stored one that gave nothing',
    grant: 'group:eng manage /team/',
    claimed: ['group:eng'],
    stored: ['group:other'],
    change: ({ store }) => store.acl.removeMember(principal('group:other'), ANN),
    becomes: OPEN,
  },
  {
    name: 'a claimed group is denied',
    grant: 'user:ann manage /',
    claimed: ['group:eng'],
    change: ({ granted }) => granted('group:eng deny read /team/'),
    becomes: ENDED,
  },
  {
    name: 'the grant is of everybody who has signed in',
    grant: 'authenticated manage /team/',
    change: () => {},
    becomes: OPEN,
  },
  {
    name: 'the maker is suspended',
    grant: 'user:ann manage /team/',
    change: ({ store }) => store.acl.suspend(ANN),
    becomes: ENDED,
  },
  {
    name: 'the maker is suspended where anyone may manage',
    grant: 'anyone manage /team/',
    change: ({ store }) => store.acl.suspend(ANN),
    becomes: ENDED,
  },
  {
    name: 'a suspension was lifted',
    grant: 'user:ann manage /team/',
    change: async ({ store }) => {
      await store.acl.suspend(ANN);
      await store.acl.resume(ANN);
    },
    becomes: OPEN,
  },
  {
    name: 'somebody else is suspended',
    grant: 'user:ann manage /team/',
    change: ({ store }) => store.acl.suspend(principal('user:eve')),
    becomes: OPEN,
  },
  {
    name: 'a deny of manage comes nearer',
    grant: 'user:ann manage /',
    change: ({ granted }) => granted('user:ann deny manage /team/'),
    becomes: ENDED,
  },
  {
    name: 'a deny comes at the path itself',
    grant: 'user:ann manage /team/',
    change: ({ granted }) => granted('anyone deny read /team/plan.pdf'),
    becomes: ENDED,
  },
  {
    name: 'a nearer allow of less does not end it',
    grant: 'user:ann manage /team/',
    change: ({ granted }) => granted('user:ann read /team/plan.pdf'),
    becomes: OPEN,
  },
];

for (const { name, grant, claimed = [], stored = [], change, becomes } of CASES) {
  t.test(`${name}: ${becomes}`, async (t: Test) => {
    const scene = linkScene(t);
    for (const group of stored) await scene.store.acl.addMember(principal(group), ANN);
    const made = await ofGrant(scene, grant, claimed);
    t.equal(await scene.judged(made), OPEN, 'at first');
    await change(scene);
    t.equal(await scene.judged(made), becomes);
  });
}

t.test('an administrator’s link ends when the policy names another one', async (t) => {
  const { make, by, judged, administrators } = linkScene(t);
  const made = await make(by(undefined, ADMINISTRATOR));
  t.equal(await judged(made), OPEN);
  administrators.delete(ADMINISTRATOR);
  t.equal(await judged(made), ENDED);
});

t.test('a link into a home stands as long as the user does', async (t) => {
  const { make, by, on, judged, store } = linkScene(t);
  const made = await make({ ...by(undefined), ...on('/users/ann/a') });
  const others = await make({ ...by(undefined), ...on('/users/bob/a') });
  t.equal(await judged(made), 'open /users/ann/a');
  t.equal(await judged(others), ENDED);
  await store.acl.suspend(ANN);
  t.equal(await judged(made), ENDED);
});

t.test('an operator’s link stands by itself, whatever is denied', async (t) => {
  const { make, judged, granted } = linkScene(t);
  const made = await make();
  await granted('anyone deny read /team/plan.pdf');
  t.equal(await judged(made), OPEN);
});

t.test('a deny below the folder that hits the maker hides that part', async (t) => {
  const { make, by, on, judged, granted } = linkScene(t);
  const grantId = await granted('user:ann manage /team/');
  const made = await make({ ...by(grantId), ...on('/team/') });
  await granted('user:ann deny read /team/private/');
  await granted('user:bob deny read /team/bobs/');
  await granted('user:ann deny manage /team/kept/');
  const rows: readonly (readonly [string, string])[] = [
    ['/private/', 'no-such-path'],
    ['/private/x', 'no-such-path'],
    ['/public', 'open /team/public'],
    ['/bobs/x', 'open /team/bobs/x'],
    ['/kept/x', 'open /team/kept/x'],
    ['', 'open /team/'],
  ];
  for (const [below, expected] of rows) t.equal(await judged(made, { below }), expected, below);
});

t.test('a file request needs that its maker may write there', async (t) => {
  const { make, by, on, judged, granted } = linkScene(t);
  const grantId = await granted('user:ann manage /team/');
  const made = await make({ ...by(grantId), ...on('/team/in/'), kind: 'upload' });
  await granted('user:ann deny write /team/in/closed/');
  t.equal(await judged(made, { below: '/a' }), 'open /team/in/a');
  t.equal(await judged(made, { below: '/closed/a' }), 'no-such-path');
});
