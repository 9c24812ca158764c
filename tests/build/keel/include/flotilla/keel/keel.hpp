#pragma once

namespace flotilla::keel {

int length();

}  // namespace flotilla::keel
