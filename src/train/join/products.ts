import { Tensor } from 'onnxruntime-node';
import { OnnxGraph } from '../onnx-graph.ts';
import { openSession } from '../open-session.ts';

/** Products of rows with rows by onnxruntime, all cores. */
export interface Products {
  /** Rows side by side, as `of` takes them: one block serves many products. */
  gather(rows: readonly Float32Array[]): Tensor;
  /** a.length × b.length dot products, row-major. */
  of(a: Tensor, b: Tensor): Promise<Float32Array>;
  release(): Promise<void>;
}

export async function openProducts(dimension: number): Promise<Products> {
  const graph = new OnnxGraph();
  const a = graph.input('a', 'float', ['a', dimension]);
  const b = graph.input('b', 'float', ['b', dimension]);
  graph.output(graph.op('Gemm', [a, b], { transB: 1 }, 'products'), 'float', ['a', 'b']);
  const session = await openSession(graph.build());
  return {
    gather(rows) {
      const block = new Float32Array(rows.length * dimension);
      for (const [i, row] of rows.entries()) block.set(row, i * dimension);
      return new Tensor('float32', block, [rows.length, dimension]);
    },
    async of(a, b) {
      const { products } = await session.run({ a, b });
      return (products as Tensor).data as Float32Array;
    },
    release: () => session.release(),
  };
}
