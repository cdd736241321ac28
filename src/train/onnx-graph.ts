import type { onnx } from 'onnx-proto';
import proto from 'onnx-proto';

const { DataType } = proto.onnx.TensorProto;

/** Element types that the graphs use. `double` is for checking gradients by finite differences. */
export type ElementType = 'float' | 'double' | 'int32' | 'int64' | 'uint8';

const dataType: Record<ElementType, number> = {
  float: DataType.FLOAT,
  double: DataType.DOUBLE,
  int32: DataType.INT32,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
};

const toArray = {
  float: (values: ArrayLike<number>) => Float32Array.from(values),
  double: (values: ArrayLike<number>) => Float64Array.from(values),
  int32: (values: ArrayLike<number>) => Int32Array.from(values),
  int64: (values: ArrayLike<number>) => BigInt64Array.from(Array.from(values, BigInt)),
  uint8: (values: ArrayLike<number>) => Uint8Array.from(values),
};

/** A dimension: its size, or a name for a size that each run chooses. */
type Dimension = number | string;
/** An attribute: an integer, or the element type that Cast casts to. */
type Attribute = number | ElementType;

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): onnx.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: dataType[type], shape: { dim } } } };
}

/**
 * Writes an ONNX model, operator by operator. Values are referred to by name; `op` returns the name of what it makes.
 * Operators and their attributes: https://onnx.ai/onnx/operators/
 */
export class OnnxGraph {
  private readonly nodes: onnx.INodeProto[] = [];
  private readonly inputs: onnx.IValueInfoProto[] = [];
  private readonly outputs: onnx.IValueInfoProto[] = [];
  private readonly weights: onnx.ITensorProto[] = [];

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** A tensor kept in the model; `values` in row-major order. */
  weight(name: string, type: ElementType, shape: readonly number[], values: ArrayLike<number>): string {
    const array = toArray[type](values);
    const rawData = new Uint8Array(array.buffer);
    this.weights.push({ name, dims: [...shape], dataType: dataType[type], rawData });
    return name;
  }

  /** A constant of no dimensions. */
  scalar(type: ElementType, value: number): string {
    return this.weight(`constant${this.weights.length}`, type, [], [value]);
  }

  /** Adds an operator of one output, named `name` or anew. */
  op(
    opType: string,
    input: readonly string[],
    attributes: Record<string, Attribute> = {},
    name?: string,
  ): string {
    const output = name ?? `${opType.toLowerCase()}${this.nodes.length}`;
    const attribute = Object.entries(attributes).map(([key, value]) => ({
      name: key,
      type: proto.onnx.AttributeProto.AttributeType.INT,
      i: typeof value === 'number' ? value : dataType[value],
    }));
    this.nodes.push({ opType, input: [...input], output: [output], attribute });
    return output;
  }

  /** Makes the value `name` (see `op`) an output of the model. */
  output(name: string, type: ElementType, shape: readonly Dimension[]): void {
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** The model as a file: IR version 8, opset 15 (the newest that onnx-proto 8 knows; onnxruntime reads both). */
  build(): Uint8Array {
    const model: onnx.IModelProto = {
      irVersion: 8,
      producerName: 'pgtaxon',
      opsetImport: [{ domain: '', version: 15 }],
      graph: {
        name: 'heads',
        node: this.nodes,
        input: this.inputs,
        output: this.outputs,
        initializer: this.weights,
      },
    };
    return proto.onnx.ModelProto.encode(model).finish();
  }
}
