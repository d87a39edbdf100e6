// SPDX-License-Identifier: Apache-2.0
// Hears from the kernel when anybody changes the rules of nftables.
#pragma once

#include <functional>
#include <memory>

#include "agents/descriptor_watch.h"
#include "base/result.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::agents {

class RulesetWatch {
public:
    // Error: the kernel doesn't tell; nothing is watched then.
    [[nodiscard]] Result<void> start(std::function<void()> changed);
    void stop();

private:
    platform::FileDescriptor m_socket;
    std::unique_ptr<DescriptorWatch> m_watch;
};

} // namespace dyad::agents
