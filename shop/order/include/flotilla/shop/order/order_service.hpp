#pragma once

/// Orders as a running service: `shop-order`.

namespace flotilla::shop::order {

/// The exit code of the process.
int run_order(int argc, const char* const* argv);

}  // namespace flotilla::shop::order
