// SPDX-License-Identifier: Apache-2.0
// All resources, as the shell sees them. Real: shell/agent_switchboard, which owns one Agent per resource.
#pragma once

#include "model/checks.h"
#include "model/messages.h"

#include <functional>

namespace dyad::ports {

class ResourcePort {
public:
    virtual ~ResourcePort() = default;

    std::function<void(const model::ResourceAnswer&)> onAnswer;
    std::function<void(const model::ResourceNotice&)> onNotice;

    virtual void send(const model::ResourceRequest& request) = 0; // doesn't block; answered at most once
    // What the checks of a resource have said so far, for people.
    [[nodiscard]] virtual model::ResourceChecks checks(model::GroupId, model::ResourceId) const { return {}; }
};

} // namespace dyad::ports
