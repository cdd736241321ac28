/** The library: `import { openTaxon } from 'pgtaxon'` (docs/guide/library.md). */
export { TaxonError } from '../errors.ts';
export { openTaxon } from './open.ts';
export type * from './types.ts';
