// SPDX-License-Identifier: Apache-2.0
// What this node sees with its own eyes, as the control server asks it. Real: daemon/truth/truth_watch.h.
#pragma once

#include "base/result.h"
#include "model/truth.h"

#include <functional>

namespace dyad::ports {

class TruthPort {
public:
    virtual ~TruthPort() = default;
    // A look of this very moment; answered once, later (about 300 ms), on the thread that asked. Error: the look did
    // not come to an end in time.
    virtual void look(std::function<void(Result<model::NodeTruth>)> answered) = 0;
};

} // namespace dyad::ports
