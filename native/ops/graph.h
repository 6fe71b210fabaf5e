// The graph: what a model emits and everything else is derived from. Nodes are stored in the order
// of their creation, which is a topological order; nothing here computes, allocates tensors or
// knows a device.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ops/shape.h"

namespace nd {

struct OpDef;
class Graph;
using NodeId = int32_t;

enum class NodeKind : uint8_t { input, constant, parameter, op };

/// Static arguments of an op; each op file says what it stores in which place.
struct Attrs {
  std::vector<int64_t> ints{};
  std::vector<double> reals{};
  bool operator==(const Attrs&) const = default;
};

struct Node {
  NodeKind kind = NodeKind::op;
  const OpDef* op = nullptr;  ///< set for kind == op
  std::vector<NodeId> inputs{};
  Attrs attrs{};
  Shape shape{};
  std::string name{};              ///< of an input or parameter
  std::vector<double> constant{};  ///< values of a constant
};

/// How a parameter starts: uniform in [-bound, bound] or normal, from Philox, or given values.
struct Init {
  enum class Kind : uint8_t { uniform, normal, fill, values } kind = Kind::uniform;
  double bound = 0;            ///< of `uniform`; standard deviation; the value of `fill`
  std::vector<double> values;  ///< of `values`, canonical order

  static Init uniform(double bound) { return {Kind::uniform, bound, {}}; }
  static Init normal(double deviation) { return {Kind::normal, deviation, {}}; }
  static Init fill(double value) { return {Kind::fill, value, {}}; }
  static Init of(std::vector<double> values) { return {Kind::values, 0, std::move(values)}; }
};

/// How a parameter is mostly used: a hint by which a backend may choose where its elements lie.
/// Names, shapes, files and gradients as everybody sees them are canonical (row-major) whatever it
/// says.
enum class Layout : uint8_t {
  canonical,
  matmul,        ///< [out, in], right operand of matmul(x, w, false, true)
  matmul_plain,  ///< [in, out], right operand of matmul(x, w)
};

/// One parameter as a model declares it; names are stable and part of the file format.
struct ParameterDecl {
  std::string name;
  Shape shape;
  Init init;
  bool trainable = true;
  Layout layout = Layout::canonical;
  /// Whether each row (first axis) holds what one unit of a layer multiplies its inputs with: the
  /// weights of dense, convolutional and recurrent layers, which weight normalisation splits.
  bool units = false;
};

/// State is what a run reads under a name and hands back, changed, as the output `next.<name>`:
/// running statistics (a parameter that is not trainable) or the hidden state of a recurrent step
/// (an input). Its owner is the caller, who commits it: an aborted run changes nothing.
std::string next_name(std::string_view state);

/// A value in a graph: a handle that ops take and return.
struct Var {
  Graph* graph = nullptr;
  NodeId id = -1;
  bool valid() const { return graph != nullptr; }
  const Shape& shape() const;
};

/// Nodes plus the names by which the outside reaches them.
class Graph {
 public:
  Graph() = default;
  Graph(const Graph&) = default;
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;

  Var input(std::string name, Shape shape);
  Var constant(Shape shape, std::vector<double> values);
  Var constant(double value) { return constant(Shape{}, {value}); }
  /// Declares a parameter, or returns the earlier one of this name (weight sharing); shapes must
  /// agree.
  Var parameter(const ParameterDecl& decl);
  Var emit(const OpDef& op, std::vector<NodeId> inputs, Attrs attrs = {});
  void output(std::string name, Var value);

  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::map<std::string, NodeId, std::less<>>& outputs() const { return outputs_; }
  /// In the order of declaration: the order of the flat parameter buffer.
  const std::vector<ParameterDecl>& parameters() const { return parameters_; }
  NodeId find_input(std::string_view name) const;  ///< -1 when absent
  Var var(NodeId id) { return {this, id}; }

  /// Prefix of error messages, e.g. "nhits"; pushed by model builders.
  void set_place(std::string place) { place_ = std::move(place); }
  const std::string& place() const { return place_; }

 private:
  friend class GraphRewriter;
  std::vector<Node> nodes_;
  std::map<std::string, NodeId, std::less<>> outputs_;
  std::vector<ParameterDecl> parameters_;
  std::string place_;
};

}  // namespace nd
