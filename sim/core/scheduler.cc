#include "sim/core/scheduler.h"
