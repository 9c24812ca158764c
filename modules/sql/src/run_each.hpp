#pragma once

#include <vector>

#include "flotilla/sql/statements.hpp"

namespace flotilla::sql {

/// Up to the first error, which names its statement when there are several.
Result<std::vector<Rows>> run_each(Statements& on, const std::vector<Statement>& statements);

}  // namespace flotilla::sql
