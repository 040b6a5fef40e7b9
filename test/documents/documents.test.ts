/** No generated document is stale: `npm run docs` writes them. */

import t from 'tap';
import { DOCUMENTS, writtenDocument } from './documents.js';

for (const { file, render } of DOCUMENTS) {
  t.test(`${file} is what npm run docs writes`, async (t) => {
    t.equal(writtenDocument(file), await render());
  });
}
