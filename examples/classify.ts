// Labels of a program become memory, and names are asked about without being inserted.
//
//   npm install pgtaxon && npx tsc --module nodenext classify.ts && DATABASE_URL=… node classify.js
import { openTaxon } from 'pgtaxon';

const taxon = await openTaxon({ migrate: true });
try {
  const { added } = await taxon.importLabels(
    [
      { name: 'Red kettle 1.7 l', path: ['Home', 'Kitchen', 'Kettles'] },
      { name: 'Bread knife 20 cm', path: 'Home > Kitchen > Knives' },
    ],
    { source: 'human' },
  );
  console.log(`${added} labels`);

  // exact: the same name in other case and spacing
  const [known, unknown] = await taxon.classify(['RED  KETTLE 1.7 L', 'Garden hose']);
  console.log(`${known?.name}: ${known?.path} (${known?.layer})`);
  console.log(`${unknown?.name}: ${unknown?.layer ?? 'no layer'} answers`);

  // what memory has that is near, and why it may not answer
  for (const { matched_key, path, similarity } of await taxon.lookUp('red kettle 1.7'))
    console.log(`${matched_key}: ${path}, ${similarity.toFixed(2)} similar`);
} finally {
  await taxon.close();
}
