import { parentPort, workerData } from 'node:worker_threads';
import { countTokens } from './tokens.ts';

parentPort?.postMessage((workerData as string[]).map(countTokens));
