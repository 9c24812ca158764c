#include <cstdio>

#include "flotilla/base/text.hpp"

int main() {
    std::puts(flotilla::to_upper("ahoy").c_str());
}
