// SPDX-License-Identifier: Apache-2.0
// The commands: each stands in a file of its own with its words, its options and what it does, and puts itself on the
// command line by one function. To add one: its file, a line here, a line in command_list.cpp.
#pragma once

#include "cli/arguments.h"

namespace dyad::cli {

void addCommands(CLI::App& app, CommandLine& line); // all of them, in the order of the help

void addStatus(CLI::App& app, CommandLine& line);
void addWatch(CLI::App& app, CommandLine& line);
void addOrders(CLI::App& app, CommandLine& line); // one command per row of control/protocol/order_table.h
void addEvents(CLI::App& app, CommandLine& line);
void addGroups(CLI::App& app, CommandLine& line);
void addAlarms(CLI::App& app, CommandLine& line);
void addKeys(CLI::App& app, CommandLine& line);
void addMetrics(CLI::App& app, CommandLine& line);
void addToken(CLI::App& app, CommandLine& line);
void addCompletion(CLI::App& app, CommandLine& line);
void addMan(CLI::App& app, CommandLine& line);
void addWhy(CLI::App& app, CommandLine& line);
void addTruth(CLI::App& app, CommandLine& line);
void addDoctor(CLI::App& app, CommandLine& line);
void addDrill(CLI::App& app, CommandLine& line);
void addSupportBundle(CLI::App& app, CommandLine& line);
void addConfig(CLI::App& app, CommandLine& line);
void addConfigApply(CLI::App& config, CommandLine& line); // below `config`
void addConfigInit(CLI::App& config, CommandLine& line);
void addSync(CLI::App& app, CommandLine& line);
void addAgent(CLI::App& app, CommandLine& line);
void addReplay(CLI::App& app, CommandLine& line);
void addVersion(CLI::App& app, CommandLine& line);

} // namespace dyad::cli
