// transpose, slice, concat, reverse, pad, broadcast: strided copies. reshape never gets here: it is
// an alias.
#include "backends/cpu/kernels/copy.h"
#include "backends/cpu/lowering.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

void lower_transpose(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const std::vector<int64_t> out = l.dims(id), in_strides = row_major(l.dims(node.inputs[0]));
  CopyNest nest{.sizes = out, .out_strides = row_major(out)};
  for (int64_t axis : node.attrs.ints)
    nest.in_strides.push_back(in_strides[static_cast<size_t>(axis)]);
  l.emit(make_strided_copy(l.slot(node.inputs[0]), l.slot(id), nest));
}

void lower_slice(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const std::vector<int64_t> out = l.dims(id), in_strides = row_major(l.dims(node.inputs[0]));
  CopyNest nest{out, in_strides, row_major(out)};
  nest.in_offset = node.attrs.ints[1] * in_strides[static_cast<size_t>(node.attrs.ints[0])];
  l.emit(make_strided_copy(l.slot(node.inputs[0]), l.slot(id), nest));
}

void lower_concat(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const size_t axis = static_cast<size_t>(node.attrs.ints[0]);
  const std::vector<int64_t> out_strides = row_major(l.dims(id));
  int64_t begin = 0;
  for (NodeId input : node.inputs) {
    const std::vector<int64_t> part = l.dims(input);
    CopyNest nest{part, row_major(part), out_strides};
    nest.out_offset = begin * out_strides[axis];
    l.emit(make_strided_copy(l.slot(input), l.slot(id), nest));
    begin += part[axis];
  }
}

void lower_reverse(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const size_t axis = static_cast<size_t>(node.attrs.ints[0]);
  const std::vector<int64_t> out = l.dims(id);
  CopyNest nest{out, row_major(out), row_major(out)};
  nest.in_offset = (out[axis] - 1) * nest.in_strides[axis];
  nest.in_strides[axis] = -nest.in_strides[axis];
  l.emit(make_strided_copy(l.slot(node.inputs[0]), l.slot(id), nest));
}

void lower_pad(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const std::vector<int64_t> in = l.dims(node.inputs[0]), out_strides = row_major(l.dims(id));
  CopyNest nest{in, row_major(in), out_strides};
  nest.out_offset = node.attrs.ints[1] * out_strides[static_cast<size_t>(node.attrs.ints[0])];
  l.emit(make_fill(l.slot(id), 0.0f, l.elements(id)));
  l.emit(make_strided_copy(l.slot(node.inputs[0]), l.slot(id), nest));
}

void lower_broadcast(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  const std::vector<int64_t> out = l.dims(id);
  const CopyNest nest{out, broadcast_strides(l.dims(node.inputs[0]), out), row_major(out)};
  l.emit(make_strided_copy(l.slot(node.inputs[0]), l.slot(id), nest));
}

}  // namespace

std::span<const LoweringRule> structure_rules() {
  static const LoweringRule kRules[] = {
      {&kTranspose, lower_transpose}, {&kSlice, lower_slice}, {&kConcat, lower_concat},
      {&kReverse, lower_reverse},     {&kPad, lower_pad},     {&kBroadcast, lower_broadcast},
  };
  return kRules;
}

}  // namespace nd::cpu
