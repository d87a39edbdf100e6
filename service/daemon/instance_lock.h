// SPDX-License-Identifier: Apache-2.0
// One service per host: a second one would take heart and LUNs away from the first.
#pragma once

#include "base/result.h"
#include "platform/linux/file_descriptor.h"

#include <string>

namespace dyad::daemon {

class InstanceLock {
public:
    InstanceLock() = default;
    // Held until the object, or the process in whatever way, ends. Error: another process holds it, with its pid.
    [[nodiscard]] static Result<InstanceLock> take(const std::string& file);

private:
    explicit InstanceLock(platform::FileDescriptor file) : m_file(std::move(file)) {}
    platform::FileDescriptor m_file;
};

} // namespace dyad::daemon
