// SPDX-License-Identifier: Apache-2.0
// Network namespaces without names in /run/netns: each is pinned by a mount below the lab's state folder, so that two
// labs, or a lab and the machine's administrator, never meet.
#pragma once

#include "base/result.h"

#include <functional>
#include <string>

namespace dyad::lab {

[[nodiscard]] std::string networkPath(const std::string& name); // STATE/net/NAME
[[nodiscard]] Result<void> makeNetwork(const std::string& name);
void removeNetwork(const std::string& name); // what still lives in it keeps it alive
// Runs `work` on a thread of its own that lives in the namespace; blocks until it has ended. Sockets that it opens stay
// in that namespace.
[[nodiscard]] Result<void> insideNetwork(const std::string& name, const std::function<void()>& work);
// Moves the calling thread into the namespace, for good.
[[nodiscard]] Result<void> enterNetwork(const std::string& name);

} // namespace dyad::lab
