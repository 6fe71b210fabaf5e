// Attention and its gradient: tiles are (row of the batch, head, block of queries) and (row, head).
#include "simd/attention.h"

#include <array>

#include "backends/cpu/lowering.h"
#include "ops/list.h"

namespace nd::cpu {

namespace {

// Operands of one attention: v, q0, k0, q1, k1, …
struct Sizes {
  int64_t rows, heads, queries, keys, value_depth, depth;  ///< depth: sum over pairs
  std::vector<int64_t> depths;                             ///< of each pair
};

Sizes sizes_of(const Lowering& l, const Node& node) {
  const std::vector<int64_t> v = l.dims(node.inputs[0]), q = l.dims(node.inputs[1]);
  Sizes s{v[0], node.attrs.ints[0], q[1], v[1], v[2] / node.attrs.ints[0], 0, {}};
  const size_t pairs =
      node.op == &kAttention ? (node.inputs.size() - 1) / 2 : (node.inputs.size() - 3) / 2;
  for (size_t p = 0; p < pairs; ++p) {
    s.depths.push_back(l.dims(node.inputs[1 + 2 * p])[2] / s.heads);
    s.depth += s.depths.back();
  }
  return s;
}

class Attention : public Kernel {
 public:
  Attention(std::vector<Slot> slots, Sizes sizes, const Attrs& attrs, int64_t first_row)
      : Kernel(std::move(slots)),
        sizes_(std::move(sizes)),
        causal_(attrs.ints[1] != 0),
        number_(static_cast<uint32_t>(attrs.ints[2])),
        dropout_(static_cast<float>(attrs.reals[0])),
        first_row_(first_row) {}

 protected:
  using Pairs = std::array<simd::HeadPair, simd::kMaxAttentionPairs>;

  simd::HeadRows rows(size_t slot, int64_t row, int64_t head, int64_t length, int64_t depth) const {
    const int64_t stride = sizes_.heads * depth;
    return {at[slot] + row * length * stride + head * depth, stride};
  }
  simd::AttentionHead head(int64_t row, int64_t h, size_t out, Pairs& pairs,
                           const RunContext& context) const {
    for (size_t p = 0; p < sizes_.depths.size(); ++p) {
      const int64_t depth = sizes_.depths[p];
      pairs[p] = {rows(1 + 2 * p, row, h, sizes_.queries, depth),
                  rows(2 + 2 * p, row, h, sizes_.keys, depth), depth};
    }
    const int64_t pitch = (sizes_.keys + 7) / 8;
    const int64_t first = ((first_row_ + row) * sizes_.heads + h) * sizes_.queries * pitch;
    return {.pairs = pairs.data(),
            .pair_count = static_cast<int64_t>(sizes_.depths.size()),
            .value = rows(0, row, h, sizes_.keys, sizes_.value_depth),
            .value_depth = sizes_.value_depth,
            .queries = sizes_.queries,
            .keys = sizes_.keys,
            .causal = causal_,
            .out = rows(out, row, h, sizes_.queries, sizes_.value_depth),
            .dropout = dropout_,
            .key = {context.seed, Stream::dropout, number_, context.step},
            .first = static_cast<uint32_t>(first)};
  }
  double scores() const {
    return static_cast<double>(sizes_.rows * sizes_.heads) * static_cast<double>(sizes_.queries) *
           static_cast<double>(sizes_.keys);
  }
  Sizes sizes_;

 private:
  bool causal_;
  uint32_t number_;
  float dropout_;
  int64_t first_row_;
};

class Forward final : public Attention {
 public:
  Forward(std::vector<Slot> slots, Sizes sizes, const Attrs& attrs, int64_t first_row)
      : Attention(std::move(slots), std::move(sizes), attrs, first_row),
        blocks_(simd::attention_blocks(sizes_.queries)) {
    scratch_floats = simd::attention_scratch_floats(sizes_.depth, sizes_.value_depth, 0);
    tiles = sizes_.rows * sizes_.heads * blocks_;
    work = scores() * (0.3 + 0.015 * static_cast<double>(sizes_.depth + sizes_.value_depth));
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    Pairs pairs;
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t head_number = tile / blocks_;
      simd::attention_forward(head(head_number / sizes_.heads, head_number % sizes_.heads,
                                   at.size() - 1, pairs, context),
                              tile % blocks_, context.scratch);
    }
  }

 private:
  int64_t blocks_;
};

// Slots: operands, out, d out, results.
class Backward final : public Attention {
 public:
  Backward(std::vector<Slot> slots, Sizes sizes, const Attrs& attrs, int64_t first_row)
      : Attention(std::move(slots), std::move(sizes), attrs, first_row) {
    scratch_floats = simd::attention_scratch_floats(sizes_.depth, sizes_.value_depth, sizes_.keys);
    tiles = sizes_.rows * sizes_.heads;
    work = scores() * (0.5 + 0.04 * static_cast<double>(sizes_.depth + sizes_.value_depth));
  }
  void run(int64_t begin, int64_t end, const RunContext& context) const override {
    Pairs pairs;
    const size_t d_out = at.size() - 2;
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t row = tile / sizes_.heads, h = tile % sizes_.heads;
      simd::AttentionHead one = head(row, h, d_out - 1, pairs, context);
      one.d_out = rows(d_out, row, h, sizes_.queries, sizes_.value_depth);
      int64_t offset = 0;
      const auto result = [&](int64_t length, int64_t depth) {
        simd::HeadRows to = rows(at.size() - 1, row, h, length, depth);
        to.data += offset;
        offset += sizes_.rows * length * sizes_.heads * depth;
        return to;
      };
      one.d_value = result(sizes_.keys, sizes_.value_depth);
      for (size_t p = 0; p < sizes_.depths.size(); ++p) {
        pairs[p].d_query = result(sizes_.queries, sizes_.depths[p]);
        pairs[p].d_key = result(sizes_.keys, sizes_.depths[p]);
      }
      simd::attention_backward(one, context.scratch);
    }
  }
};

template <class K>
void lower(Lowering& l, NodeId id) {
  const Node& node = l.graph().node(id);
  std::vector<Slot> slots = l.slots(id);
  l.emit(std::make_unique<K>(std::move(slots), sizes_of(l, node), node.attrs,
                             l.first_window() * node.shape.batch));
}

}  // namespace

std::span<const LoweringRule> attention_rules() {
  static const LoweringRule kRules[] = {
      {.op = &kAttention, .lower = lower<Forward>},
      {.op = &kAttentionGradient, .lower = lower<Backward>},
  };
  return kRules;
}

}  // namespace nd::cpu
