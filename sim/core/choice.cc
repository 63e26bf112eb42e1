#include "sim/core/choice.h"
