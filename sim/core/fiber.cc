#include "sim/core/fiber.h"
