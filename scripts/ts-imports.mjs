// Node takes the types out of a `.ts` file by itself; that an import of `./x.js` means `./x.ts`, as TypeScript has it,
// it does not know. For the tests alone: the product runs what `npm run build` made.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs =
      specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts');
    return nextResolve(isOurs ? specifier.replace(/js$/, 'ts') : specifier, context);
  },
});
