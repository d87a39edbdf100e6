// SPDX-License-Identifier: Apache-2.0
// The configuration of the pair, as the control server sees it. Real: daemon/configuration/keeper.h. No call blocks;
// `done` is called once, later, on the event loop.
#pragma once

#include "base/result.h"
#include "model/configuration_report.h"
#include "model/revision.h"

#include <functional>
#include <string>

namespace dyad::ports {

struct ApplyOrder {
    std::string text; // the whole file
    std::string who;
    bool alone = false;  // without the peer
    bool dryRun = false; // check and tell, change nothing
};

struct PrepareReply {
    bool prepared = false;
    std::string why; // where not
};

class ConfigurationPort {
public:
    virtual ~ConfigurationPort() = default;

    // Without the text.
    [[nodiscard]] virtual model::ConfigurationPicture picture() const = 0;
    // The text of a revision; 0: the current one. Error: it isn't kept.
    virtual void text(std::uint64_t revision, std::function<void(Result<std::string>)> done) = 0;
    // What this node finds of the text; changes nothing.
    virtual void check(std::string text, std::function<void(model::ConfigurationReport)> done) = 0;
    virtual void apply(ports::ApplyOrder order, std::function<void(model::ApplyReport)> done) = 0;

    // Of the peer only.
    virtual void prepare(model::StagedRevision staged, std::string text, std::function<void(PrepareReply)> done) = 0;
    virtual void commit(std::uint64_t attempt, model::Revision revision) = 0;
    virtual void abort(std::uint64_t attempt) = 0;
};

} // namespace dyad::ports
