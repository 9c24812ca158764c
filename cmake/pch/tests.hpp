// Precompiled for every test program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "standard.hpp"
