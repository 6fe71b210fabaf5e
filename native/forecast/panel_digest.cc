#include "forecast/panel_digest.h"

#include "io/safetensors.h"

namespace nd::forecast {

namespace {

template <class T>
std::string digest_of(const std::vector<T>& values) {
  return io::digest(std::as_bytes(std::span(values)));
}

std::string columns_digest(const std::vector<data::Feature>& columns) {
  std::string digests;
  for (const data::Feature& column : columns) {
    digests += column.name + '\0' + digest_of(column.values) + '\0';
    for (const std::string& text : column.categories) digests += text + '\0';
  }
  return text_digest(digests);
}

}  // namespace

std::string text_digest(const std::string& text) {
  return io::digest(std::as_bytes(std::span(text)));
}

std::string panel_digest(const data::Panel& panel) {
  std::vector<int64_t> places;
  std::string digests = panel.frequency().text() + '\0';
  for (int64_t s = 0; s < panel.series_count(); ++s) {
    places.insert(places.end(), {panel.length(s), panel.first_time(s)});
    digests += panel.ids()[static_cast<size_t>(s)] + '\0';
    digests += io::digest(std::as_bytes(panel.target(s)));
  }
  digests += columns_digest(panel.features()) + columns_digest(panel.statics());
  return text_digest(digests + digest_of(places));
}

}  // namespace nd::forecast
