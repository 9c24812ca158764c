#pragma once

/// The catalog as a running service: `shop-catalog`.

namespace flotilla::shop::catalog {

/// The exit code of the process.
int run_catalog(int argc, const char* const* argv);

}  // namespace flotilla::shop::catalog
