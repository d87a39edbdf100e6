// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/system_error.h"

#include <system_error>

namespace dyad::platform {

Error systemError(std::string tried, std::string on, int number, std::string remedy) {
    return Error{std::move(tried), std::move(on), errnoText(number), std::move(remedy)};
}

} // namespace dyad::platform
