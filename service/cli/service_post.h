// SPDX-License-Identifier: Apache-2.0
// One request that changes something, to the first node that is there; runs the event loop meanwhile.
#pragma once

#include "cli/service_access.h"

#include <QByteArray>
#include <QJsonObject>

namespace dyad::cli {

struct PostAnswer {
    std::string node;    // that was asked; empty where only a URL is known
    int status = 0;      // of HTTP; 0: there was no answer
    QJsonObject object;  // of a 200 or 409
    control::Failure failure{control::Failure::Kind::Unreachable, {}}; // where neither
    [[nodiscard]] bool answered() const { return status == 200 || status == 409; }
};

// Finds a node that answers, then asks it once. An order is never sent twice.
[[nodiscard]] PostAnswer postToService(const Access& access, const QString& target, const QJsonObject& body,
                                       Duration patience);

} // namespace dyad::cli
