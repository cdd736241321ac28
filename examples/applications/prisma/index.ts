// Prisma 7 without engines: a product goes in, its answer comes out. Login: a member of taxon_writer.
//
//   npm install prisma @prisma/client @prisma/adapter-pg && npx prisma generate && DATABASE_URL=… node index.ts
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
const { id } = await prisma.product.create({
  data: { externalId: 'prisma-1', name: 'RED  kettle 1.7 l' },
  select: { id: true },
});

// A name that memory knows is answered by the INSERT; for any other, wait for a sidecar. Not in one transaction with the INSERT.
await prisma.$queryRaw`select product_id from taxon.wait_for(${id}, timeout => '5 s')`;
const [answer] = await prisma.$queryRaw<{ name: string; source: string; path: string }[]>`
  select name, source, path from taxon.products_readable where product_id = ${id}`;
console.log(`${answer?.name}: ${answer?.path} (${answer?.source})`);
await prisma.$disconnect();
