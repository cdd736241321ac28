// A sidecar inside a program: it answers what is inserted until the program ends. Labels come from a file.
//
//   node worker.js labels.csv
import { openTaxon } from 'pgtaxon';

const [file = 'labels.csv'] = process.argv.slice(2);
const taxon = await openTaxon({ migrate: true, llmProvider: 'none', encoderThreads: 1 });
try {
  const { names } = await taxon.importLabels(file, { source: 'llm' });
  const { model_id, gate } = await taxon.train({ seed: 1, clean: false });
  console.log(`${names} names, model ${model_id}: ${gate.promoted ? 'it answers' : gate.reasons.join('; ')}`);

  const sidecar = await taxon.startSidecar({ retrain: false });
  const { pending } = await taxon.importProducts([
    { name: 'electric kettle Norvel A100 sel', externalId: 1 },
    { name: 'чайник электрический Norvel B200 vex', externalId: 2 },
  ]);
  console.log(`${pending} products wait`);

  // applications ask the database: select * from taxon.wait_for(product_id)
  const waits = async () => (await taxon.health()).find(({ item }) => item === 'queue local')?.value !== '0';
  while (await waits()) await new Promise((resolve) => setTimeout(resolve, 100));
  console.log('nothing waits for the model any more');
  await sidecar.stop();
} finally {
  await taxon.close();
}
