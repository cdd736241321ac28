// Drizzle: a product goes in, its answer comes out. Login: a member of taxon_writer.
//
//   npm install drizzle-orm pg && DATABASE_URL=… node drizzle.ts
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, pgSchema, real, text } from 'drizzle-orm/pg-core';

const taxon = pgSchema('taxon');
// Without product_id: Drizzle names every column of a table in its INSERTs, and an application may write these two alone.
const products = taxon.table('products', { externalId: text('external_id'), name: text('name') });
const readable = taxon
  .view('products_readable', {
    productId: bigint('product_id', { mode: 'number' }),
    name: text('name'),
    state: text('state'),
    source: text('source'),
    path: text('path'),
    confidence: real('l3_confidence'),
  })
  .existing();

const db = drizzle(process.env.DATABASE_URL ?? '');
const [inserted] = await db
  .insert(products)
  .values({ externalId: 'drizzle-1', name: 'RED  kettle 1.7 l' })
  .returning({ id: sql<string>`product_id` });
const id = Number(inserted?.id);

// A name that memory knows is answered by the INSERT; for any other, wait for a sidecar. Not in one transaction with the INSERT.
await db.execute(sql`select from taxon.wait_for(${id}, timeout => '5 s')`);
const [answer] = await db.select().from(readable).where(eq(readable.productId, id));
console.log(`${answer?.name}: ${answer?.path} (${answer?.source})`);
await db.$client.end();
