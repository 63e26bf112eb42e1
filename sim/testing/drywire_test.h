// Everything a scenario test needs, in one header.
#ifndef DRYWIRE_SIM_TESTING_DRYWIRE_TEST_H_
#define DRYWIRE_SIM_TESTING_DRYWIRE_TEST_H_

#include "gmock/gmock.h"           // IWYU pragma: export
#include "gtest/gtest.h"           // IWYU pragma: export
#include "sim/testing/explore.h"   // IWYU pragma: export
#include "sim/testing/matchers.h"  // IWYU pragma: export
#include "sim/testing/scenario.h"  // IWYU pragma: export
#include "sim/testing/topology.h"  // IWYU pragma: export
#include "sim/world/world.h"       // IWYU pragma: export

#endif  // DRYWIRE_SIM_TESTING_DRYWIRE_TEST_H_
