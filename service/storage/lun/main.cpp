// SPDX-License-Identifier: Apache-2.0
// dyad-lun: the data path and the reservations of one LUN. Started by dyadd, which it outlives.
#include "storage/filesystem/mount_command.h"
#include "storage/lun/lun_server.h"

#include <cstdio>

int main(int count, char** words) {
    const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
    if (!arguments.empty() && !arguments[0].empty() && arguments[0][0] != '-')
        return dyad::storage::runMountCommand(arguments);
    dyad::Result<dyad::storage::LunOptions> options = dyad::storage::parseLunOptions(arguments);
    if (!options) {
        std::fprintf(stderr, "dyad-lun: %s\n", options.error().text().c_str());
        return 2;
    }
    dyad::storage::LunServer server(options.value());
    return server.run();
}
