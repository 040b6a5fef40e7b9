// `npm run docs`: writes what is generated in docs/; the tests check that nothing is stale. Node strips the types
// of the generators, which live beside the tests; what they take from src/ comes from the build.
import { registerHooks } from 'node:module';

function resolved(specifier, parent) {
  if (!specifier.startsWith('.') || !parent.includes('/test/')) return specifier;
  return specifier.includes('/src/')
    ? specifier.replace('/src/', '/dist/')
    : specifier.replace(/\.js$/, '.ts');
}

registerHooks({
  resolve: (specifier, context, next) => next(resolved(specifier, context.parentURL ?? ''), context),
});
const { writeTable } = await import('../test/semantics-table.ts');
const { writeDocuments } = await import('../test/documents/documents.ts');
writeTable();
await writeDocuments();
