// SPDX-License-Identifier: Apache-2.0
#include "base/errno_text.h"

#include <system_error>

namespace dyad {

std::string errnoText(int number) {
    return std::generic_category().message(number) + " (" + std::to_string(number) + ")";
}

} // namespace dyad
