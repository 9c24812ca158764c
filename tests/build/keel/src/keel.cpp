#include "flotilla/keel/keel.hpp"

namespace flotilla::keel {

int length() {
    return 12;
}

}  // namespace flotilla::keel
