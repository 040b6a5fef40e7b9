/** Nothing that a stranger may choose becomes markup: not between tags, not in an attribute, not in a list. */

import t from 'tap';
import { html, NOTHING } from '../../src/http/html.js';

const HOSTILE = `"><script>alert('1')</script>&amp;`;
const ESCAPED = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;';

t.test('text is escaped wherever it stands', async (t) => {
  t.equal(html`<p title="${HOSTILE}">${HOSTILE}</p>`.text, `<p title="${ESCAPED}">${ESCAPED}</p>`);
  t.equal(html`${1.5}${''}${NOTHING}`.text, '1.5');
  t.equal(html`<p>plain</p>`.text, '<p>plain</p>');
});

t.test('markup that was made here is taken as it is, once or in a list', async (t) => {
  const item = (text: string) => html`<li>${text}</li>`;
  t.equal(html`<ul>${['a', '<b>'].map(item)}</ul>`.text, '<ul><li>a</li><li>&lt;b&gt;</li></ul>');
  t.equal(html`${item('&')}`.text, '<li>&amp;</li>');
  t.equal(html`${[]}`.text, '');
});

t.test('what only looks like markup is text', async (t) => {
  const pretending = { text: '<b>', toString: () => '<i>' } as unknown as string;
  t.throws(() => html`${pretending}`, 'an object that is none of ours');
});
