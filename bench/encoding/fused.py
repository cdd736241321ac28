"""The bundled encoder's graph with fused operators of onnxruntime in the place of plain ones; called by peer.py."""

import collections

import onnx
from onnx import helper, numpy_helper


class Graph:
    """Nodes in their order, and who makes and reads what."""

    def __init__(self, path):
        self.model = onnx.load(path)
        self.nodes = list(self.model.graph.node)
        self.numbers = {each.name: each for each in self.model.graph.initializer}
        self.read()

    def read(self):
        self.maker = {name: node for node in self.nodes for name in node.output}
        self.readers = collections.defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.readers[name].append(node)

    def only(self, name):
        (reader,) = self.readers[name]
        return reader

    def replace(self, instead, gone):
        """instead: id of a node -> nodes in its place; gone: ids of nodes without one."""
        nodes = [new for node in self.nodes for new in instead.get(id(node), [] if id(node) in gone else [node])]
        outputs = {each.name for each in self.model.graph.output}
        while True:
            used = outputs | {name for node in nodes for name in node.input}
            kept = [node for node in nodes if any(name in used for name in node.output)]
            if len(kept) == len(nodes):
                break
            nodes = kept
        self.nodes = nodes
        self.read()

    def save(self, path):
        used = {name for node in self.nodes for name in node.input}
        graph = self.model.graph
        del graph.node[:], graph.initializer[:]
        graph.node.extend(self.nodes)
        graph.initializer.extend(each for name, each in self.numbers.items() if name in used)
        self.model.opset_import.append(helper.make_opsetid('com.microsoft', 1))
        onnx.save(self.model, path)
        return path


def fused(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs, [output], domain='com.microsoft', **attributes)


def products(graph):
    """Each int8 product, and what follows: cast, times the row's scale, times the column's, plus a bias."""
    for product in [node for node in graph.nodes if node.op_type == 'MatMulInteger']:
        cast = graph.only(product.output[0])
        row = graph.only(cast.output[0])
        yield product, cast, row, graph.only(row.output[0])


def scales_in_product(graph):
    """MatMulIntegerToFloat: the column's scale while the numbers are in the cache."""
    graph.numbers['one'] = helper.make_tensor('one', 1, [1], [1.0])
    instead, gone = {}, set()
    for product, cast, row, column in products(graph):
        a, b, zero = product.input
        name = product.output[0] + '_scaled'
        scaled = fused('MatMulIntegerToFloat', [a, b, 'one', column.input[1], zero], name)
        instead[id(product)] = [scaled, helper.make_node('Mul', [name, row.input[1]], list(column.output))]
        gone |= {id(cast), id(row), id(column)}
    graph.replace(instead, gone)


def blocks_of_128(graph):
    """MatMulNBits: rows are quantised in blocks inside the product, which takes eight nodes' place."""
    instead, gone = {}, set()
    for product, cast, row, column in products(graph):
        quantise = graph.maker[product.input[0]]
        weights = numpy_helper.to_array(graph.numbers[product.input[1]]).astype('int32')
        inner, outer = weights.shape
        bytes_ = (weights.T + 128).astype('uint8').reshape(outer, inner // 128, 128)
        scales = numpy_helper.to_array(graph.numbers[column.input[1]]).repeat(inner // 128)
        names = [product.input[1] + '_blocks', product.input[1] + '_scales']
        for name, numbers in zip(names, (bytes_, scales)):
            graph.numbers[name] = numpy_helper.from_array(numbers, name)
        shape = dict(K=inner, N=outer, bits=8, block_size=128, accuracy_level=4)
        instead[id(product)] = [fused('MatMulNBits', [quantise.input[0], *names], column.output[0], **shape)]
        gone |= {id(cast), id(row), id(column)}
    graph.replace(instead, gone)


def sums_in_normalisation(graph):
    """SkipLayerNormalization: bias and residual are added where the row is normalised."""
    instead, gone = {}, set()
    for norm in [node for node in graph.nodes if node.op_type == 'LayerNormalization']:
        residual = graph.maker.get(norm.input[0])
        bias = residual and graph.maker.get(residual.input[0])
        if not bias or bias.op_type != 'Add' or bias.input[1] not in graph.numbers:
            continue
        inputs = [bias.input[0], residual.input[1], *norm.input[1:3], bias.input[1]]
        epsilon = next(each.f for each in norm.attribute if each.name == 'epsilon')
        instead[id(norm)] = [fused('SkipLayerNormalization', inputs, norm.output[0], epsilon=epsilon)]
        gone |= {id(residual), id(bias)}
    graph.replace(instead, gone)


VARIANTS = {
    'scales in the product (MatMulIntegerToFloat)': [scales_in_product],
    'and sums in the normalisation (SkipLayerNormalization)': [scales_in_product, sums_in_normalisation],
    '8-bit blocks of 128 (MatMulNBits)': [blocks_of_128],
}


def build(path, variant, out):
    graph = Graph(path)
    for step in VARIANTS[variant]:
        step(graph)
    return graph.save(out)
