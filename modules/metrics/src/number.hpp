#pragma once
/// Numbers as Java and the Prometheus formats write them.

#include <cstdint>
#include <string>

namespace flotilla::metrics::detail {

/// As `Double.toString`: `1.0`, `2.5`, `1.23456789012E11`, `5.3891E-5`; but `+Inf` and `-Inf`, as Prometheus
/// has infinity.
void append_java_double(std::string& out, double value);
std::string java_double(double value);
void append_integer(std::string& out, std::uint64_t value);

}  // namespace flotilla::metrics::detail
