// SPDX-License-Identifier: Apache-2.0
// The only place that names every concrete class: puts the service together.
#pragma once

#include "base/result.h"
#include "daemon/options.h"
#include "model/configuration.h"

#include <functional>
#include <memory>

namespace dyad::daemon {

class Composition {
public:
    // Checks everything that can be checked before anything is started: files, key, certificate, agents.
    static Result<std::unique_ptr<Composition>> make(const Options& options, model::Configuration configuration,
                                                     model::NodeId self);
    ~Composition();

    // Heart, LUNs, engine, control server; returns at once, the event loop does the rest.
    [[nodiscard]] Result<void> start();
    // Hands over or stops every group in order, then `finished`.
    void shutDown(const std::string& why, std::function<void()> finished);

private:
    struct Parts;
    explicit Composition(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> m_parts;
};

} // namespace dyad::daemon
