#pragma once

#include <string>

namespace flotilla::deck {

std::string name();

}  // namespace flotilla::deck
