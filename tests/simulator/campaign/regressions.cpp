// SPDX-License-Identifier: Apache-2.0
#include "campaign/regressions.h"

#include "campaign/child.h"
#include "campaign/report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

namespace dyad::simulator {

namespace {

Result<std::string> readAll(const std::string& file) {
    std::ifstream opened;
    std::istream* in = &std::cin;
    if (file != "-") {
        opened.open(file, std::ios::binary);
        in = &opened;
    }
    std::string text(maxPlanBytes + 1, '\0');
    in->read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in->bad() || (file != "-" && !opened.is_open()))
        return Error{"read the plan", file, "it can't be read", "Look whether the file is there"};
    text.resize(static_cast<std::size_t>(in->gcount()));
    if (text.size() > maxPlanBytes)
        return Error{"read the plan", file, "it is longer than " + std::to_string(maxPlanBytes) + " bytes",
                     "A plan has a line for each fault"};
    return text;
}

Result<Plan> planOf(const std::string& file, const std::string& text) {
    Result<Plan> plan = planFromText(text);
    if (plan) return plan;
    Error error = plan.error();
    error.on = file + (error.on.empty() ? "" : ": " + error.on);
    return error;
}

Result<Plan> readRegression(const std::string& file) {
    const Result<std::string> text = readAll(file);
    if (!text) return text.error();
    const std::string first = text.value().substr(0, text.value().find('\n'));
    if (first.rfind("# ", 0) != 0 || first.size() < 3)
        return Error{"read the regression", file, "its first line is \"" + first + "\"",
                     "Begin with \"# \" and one sentence on the bug"};
    return planOf(file, text.value());
}

} // namespace

Result<Plan> readPlan(const std::string& file) {
    const Result<std::string> text = readAll(file);
    if (!text) return text.error();
    return planOf(file, text.value());
}

Result<Ending> playRegressions(const std::string& folder, const Lives& lives, Duration wallDeadline) {
    std::error_code trouble;
    std::vector<std::string> files;
    for (std::filesystem::directory_iterator each(folder, trouble), end; !trouble && each != end;
         each.increment(trouble))
        if (each->path().extension() == ".txt") files.push_back(each->path().string());
    if (trouble) return Error{"read the folder", folder, trouble.message(), "Give the folder of regressions"};
    if (files.empty()) return Error{"read the folder", folder, "no *.txt is in it", "Give the folder of regressions"};
    std::sort(files.begin(), files.end());

    Ending worst = Ending::Clean;
    std::size_t failed = 0;
    for (const std::string& file : files) {
        const Result<Plan> plan = readRegression(file);
        if (!plan) return plan.error();
        const Failure failure = liveInChild(lives, plan.value(), wallDeadline);
        worst = std::max(worst, failure.ending);
        if (failure.ending == Ending::Clean) {
            std::printf("clean  %s\n", file.c_str());
            continue;
        }
        ++failed;
        std::printf("FAILED %s\n%sits story: dyad-sim --plan %s --trace\n", file.c_str(), inWords(failure).c_str(),
                    file.c_str());
    }
    std::printf("%zu regressions, %zu failed\n", files.size(), failed);
    return worst;
}

} // namespace dyad::simulator
