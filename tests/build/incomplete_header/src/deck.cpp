#include <string>

#include "flotilla/deck/deck.hpp"

namespace flotilla::deck {

std::string name() {
    return "deck";
}

}  // namespace flotilla::deck
