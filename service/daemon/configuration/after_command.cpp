// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/after_command.h"

#include "platform/linux/bounded_run.h"

namespace dyad::daemon {

Result<void> runAfter(const std::vector<std::string>& command, Duration patience) {
    const Result<platform::BoundedEnd> ended =
        platform::runBounded({.command = command, .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}},
                             patience, 0); // its output is discarded
    if (!ended) return ended.error();
    const platform::BoundedEnd& end = ended.value();
    if (end.inTime && end.end.clean()) return {};
    return Error{"run", command.front(), end.inTime ? end.end.text() : "it did not end within " + toText(patience),
                 "run it by hand to see why"};
}

} // namespace dyad::daemon
