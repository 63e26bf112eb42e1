#include "gtest/gtest.h"
TEST(ClientTest, Builds) {}
