// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <QCoreApplication>
#include <QLoggingCategory>

#include <clocale>

int main(int argc, char** argv) {
    using namespace dyad::cli;
    std::setlocale(LC_CTYPE, ""); // tells whether the screen takes UTF-8
    const auto parsed = parseArguments(argc, argv);
    if (const int* exitCode = std::get_if<int>(&parsed)) return *exitCode;

    QCoreApplication application(argc, argv);
    QLoggingCategory::setFilterRules(QStringLiteral("qt.*.warning=false")); // failures are told by the replies
    return std::get<std::unique_ptr<CommandLine>>(parsed)->run();
}
