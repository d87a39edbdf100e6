// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

namespace dyad::cli {

void addCommands(CLI::App& app, CommandLine& line) {
    addStatus(app, line);
    addWatch(app, line);
    addGroups(app, line);
    addAlarms(app, line);
    addKeys(app, line);
    addMetrics(app, line);
    addOrders(app, line);
    addEvents(app, line);
    addWhy(app, line);
    addTruth(app, line);
    addDoctor(app, line);
    addDrill(app, line);
    addSupportBundle(app, line);
    addConfig(app, line);
    addSync(app, line);
    addAgent(app, line);
    addReplay(app, line);
    addToken(app, line);
    addCompletion(app, line);
    addMan(app, line);
    addVersion(app, line);
}

} // namespace dyad::cli
