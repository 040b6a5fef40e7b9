// `npm run docs`: writes what is generated in docs/. Node strips the types; the tests check that nothing is stale.
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('.') && context.parentURL?.includes('/test/')
      ? next(specifier.replace(/\.js$/, '.ts'), context)
      : next(specifier, context),
});
const { writeTable } = await import('../test/semantics-table.ts');
writeTable();
