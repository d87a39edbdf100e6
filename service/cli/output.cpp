// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include "cli/exit_codes.h"
#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"

#include <cstdio>

namespace dyad::cli {

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void printJson(const QJsonObject& object) { print(control::toLine(object).toStdString() + "\n"); }

void complain(const std::string& text) { std::fprintf(stderr, "dyad: %s\n", text.c_str()); }

int report(const control::Failure& failure, bool json) {
    if (json) printJson(control::toJson(failure.error));
    complain(failure.error.text());
    switch (failure.kind) {
    case control::Failure::Kind::Unreachable:
    case control::Failure::Kind::Mistrusted: return exit_code::unreachable;
    case control::Failure::Kind::Refused:
    case control::Failure::Kind::Unreadable: return exit_code::failed;
    }
    return exit_code::failed;
}

} // namespace dyad::cli
