#include "flotilla/keel/keel.hpp"

namespace flotilla::deck {

int width() {
    return keel::length() / 3;
}

}  // namespace flotilla::deck
