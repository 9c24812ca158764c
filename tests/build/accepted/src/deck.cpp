#include "flotilla/deck/deck.hpp"

#include "flotilla/keel/keel.hpp"

namespace flotilla::deck {

std::string name() {
    return std::string(static_cast<std::size_t>(keel::length()), '-');
}

}  // namespace flotilla::deck
