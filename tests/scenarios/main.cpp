// SPDX-License-Identifier: Apache-2.0
// dyad-scenario [--rewrite | --stop] FILE...: plays each scenario and compares its trace with the expected one; with
// --stop only until the first that differs.
#include "scenario.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace {

using dyad::Result;

void showDifference(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
    std::size_t at = 0;
    while (at < std::min(expected.size(), actual.size()) && expected[at] == actual[at])
        ++at;
    std::printf("  first difference in line %zu of the trace\n    expected: %s\n    came:     %s\n  the whole trace "
                "that came:\n",
                at + 1, at < expected.size() ? expected[at].c_str() : "(nothing more)",
                at < actual.size() ? actual[at].c_str() : "(nothing more)");
    for (const std::string& line : actual)
        std::printf("%s\n", line.c_str());
}

bool runFile(const std::string& fileName, bool rewrite) {
    std::ifstream file(fileName);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) {
        std::printf("%s: can't be read\n", fileName.c_str());
        return false;
    }
    Result<dyad::scenarios::Scenario> scenario = dyad::scenarios::parse(text.str(), fileName);
    if (!scenario) {
        std::printf("%s\n", scenario.error().text().c_str());
        return false;
    }
    const auto trace = dyad::scenarios::play(scenario.value());
    if (!trace) {
        std::printf("%s: %s\n", fileName.c_str(), trace.error().text().c_str());
        return false;
    }
    const bool broken = std::any_of(trace.value().begin(), trace.value().end(),
                                    [](const std::string& line) { return line.rfind("BROKEN", 0) == 0; });
    if (rewrite) {
        std::ofstream out(fileName);
        out << scenario.value().head << "----\n";
        for (const std::string& line : trace.value())
            out << line << "\n";
        if (!out) std::printf("%s: can't be written\n", fileName.c_str());
        if (broken) std::printf("%s: a rule is broken, see BROKEN in the file\n", fileName.c_str());
        return static_cast<bool>(out) && !broken;
    }
    if (trace.value() == scenario.value().expected && !broken) return true;
    std::printf("%s: %s\n", fileName.c_str(), broken ? "a rule is broken" : "the trace differs");
    showDifference(scenario.value().expected, trace.value());
    return false;
}

} // namespace

int main(int count, char** arguments) {
    bool rewrite = false;
    bool stop = false;
    bool good = true;
    int files = 0;
    for (int i = 1; i < count && (good || !stop); ++i) {
        if (std::string(arguments[i]) == "--rewrite") {
            rewrite = true;
            continue;
        }
        if (std::string(arguments[i]) == "--stop") {
            stop = true;
            continue;
        }
        ++files;
        good = runFile(arguments[i], rewrite) && good;
    }
    if (files == 0) std::printf("usage: dyad-scenario [--rewrite | --stop] FILE...\n");
    return good && files > 0 ? 0 : 1;
}
