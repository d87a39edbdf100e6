// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"

#include <QCoreApplication>
#include <QJsonObject>
#include <QLoggingCategory>

#include <clocale>

int main(int argc, char** argv) {
    using namespace dyad::cli;
    std::setlocale(LC_CTYPE, ""); // tells whether the screen takes UTF-8
    const auto parsed = parseArguments(argc, argv);
    if (const int* exitCode = std::get_if<int>(&parsed)) return *exitCode;
    const Arguments& arguments = std::get<Arguments>(parsed);

    QCoreApplication application(argc, argv);
    QLoggingCategory::setFilterRules(QStringLiteral("qt.*.warning=false")); // failures are told by the replies
    if (arguments.command == Command::ConfigCheck) return configCheck(arguments);
    if (arguments.command == Command::Replay) return replay(arguments);
    if (arguments.command == Command::Version) {
        if (arguments.json)
            printJson(QJsonObject{{"version", DYAD_VERSION}});
        else
            print("dyad " DYAD_VERSION "\n");
        return exit_code::ok;
    }

    const auto access = accessFrom(arguments);
    if (const NoAccess* no = std::get_if<NoAccess>(&access)) {
        complain(no->text);
        return no->exitCode;
    }
    const Access& service = std::get<Access>(access);
    switch (arguments.command) {
    case Command::Status: return status(arguments, service);
    case Command::Watch: return watch(arguments, service);
    case Command::Switchover:
    case Command::Switchback: return move(arguments, service);
    case Command::ClearFailure:
    case Command::Maintenance: return giveOrder(arguments, service);
    case Command::Events: return events(arguments, service);
    case Command::ConfigCheck:
    case Command::Replay:
    case Command::Version: break;
    }
    return exit_code::usage;
}
