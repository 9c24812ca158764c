#include "flotilla/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace flotilla::detail {

void assertion_failed(const char* expression, std::source_location where) noexcept {
    std::fprintf(
        stderr,
        "%s:%u: assertion failed in %s: %s\n",
        where.file_name(),
        static_cast<unsigned>(where.line()),
        where.function_name(),
        expression
    );
    std::fflush(stderr);
    std::abort();
}

}  // namespace flotilla::detail
