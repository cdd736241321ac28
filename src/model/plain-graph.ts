import proto from 'onnx-proto';
import { TaxonError } from '../errors.ts';

/** Whether a tensor anywhere in it names a file that its numbers stand in. */
function namesFile(part: unknown): boolean {
  if (part === null || typeof part !== 'object' || ArrayBuffer.isView(part)) return false;
  if (Array.isArray(part)) return part.some(namesFile);
  const { externalData, dataLocation } = part as { externalData?: unknown[]; dataLocation?: number };
  if ((externalData?.length ?? 0) > 0 || (dataLocation ?? 0) !== 0) return true;
  return Object.values(part).some(namesFile);
}

/**
 * The graph as it was understood here, and with nothing that was not: onnxruntime would read numbers from any file that a
 * graph from elsewhere names by a relative path.
 *
 * @throws Error when it cannot be read, TaxonError when it names a file
 */
export function plainGraph(bytes: Uint8Array): Uint8Array {
  const model = proto.onnx.ModelProto.decode(bytes);
  if (namesFile(model)) throw new TaxonError('it names a file that is not part of the model');
  return proto.onnx.ModelProto.encode(model).finish();
}
