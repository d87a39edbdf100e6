// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace dyad::lab {

// Adds `dyad-lab chaos`; `status` becomes its exit status.
void addChaosCommand(CLI::App& app, int& status);

} // namespace dyad::lab
