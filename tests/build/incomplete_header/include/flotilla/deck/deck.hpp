#pragma once

namespace flotilla::deck {

std::string name();

}  // namespace flotilla::deck
