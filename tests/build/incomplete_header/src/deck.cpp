// clang-format off: the order of the includes is what hides the fault of the header
#include <string>

#include "flotilla/deck/deck.hpp"
// clang-format on

namespace flotilla::deck {

std::string name() {
    return "deck";
}

}  // namespace flotilla::deck
