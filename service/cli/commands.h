// SPDX-License-Identifier: Apache-2.0
// One function per command. Each runs the event loop as long as it needs and returns the exit code.
#pragma once

#include "cli/arguments.h"
#include "cli/service_access.h"

namespace dyad::cli {

[[nodiscard]] int status(const Arguments& arguments, const Access& access);
[[nodiscard]] int watch(const Arguments& arguments, const Access& access);
[[nodiscard]] int move(const Arguments& arguments, const Access& access);      // switchover, switchback
[[nodiscard]] int giveOrder(const Arguments& arguments, const Access& access); // maintenance, clear-failure
[[nodiscard]] int events(const Arguments& arguments, const Access& access);
[[nodiscard]] int configCheck(const Arguments& arguments);
[[nodiscard]] int replay(const Arguments& arguments);

} // namespace dyad::cli
