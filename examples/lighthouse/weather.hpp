#pragma once
// What a lighthouse tells: shared by the service and by who calls it.

#include <string>

#include "flotilla/reflect/describe.hpp"

struct Weather {
    std::string harbor;
    std::string sky = "unknown";
    int wind = 0;         // Beaufort
    std::string told_by;  // the instance
};

FLT_DESCRIBE(Weather, harbor, sky, wind, told_by)
