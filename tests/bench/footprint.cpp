// SPDX-License-Identifier: Apache-2.0
#include "bench/footprint.h"

#include "lab/host.h"

#include <filesystem>
#include <fstream>
#include <thread>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr const char* programs[] = {"dyadd", "dyad-heart", "dyad-lun"};

// Nanoseconds on a processor since the process began, of all its threads (first field of schedstat).
std::uint64_t processorTime(pid_t pid) {
    std::uint64_t sum = 0;
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
        std::ifstream file(task.path() / "schedstat");
        std::uint64_t nanoseconds = 0;
        if (file >> nanoseconds) sum += nanoseconds;
    }
    return sum;
}

double residentMiB(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    std::string word;
    while (file >> word) {
        if (word != "VmRSS:") continue;
        double kibibytes = 0;
        file >> kibibytes;
        return kibibytes / 1024;
    }
    return 0;
}

std::uint64_t processorTimeOf(const std::string& host) {
    std::uint64_t sum = 0;
    for (const char* program : programs)
        for (const pid_t pid : findInHost(host, program))
            sum += processorTime(pid);
    return sum;
}

} // namespace

Result<void> measureFootprint(unsigned seconds, PairFigures& figures) {
    std::uint64_t before[2];
    for (int i = 0; i < 2; ++i)
        before[i] = processorTimeOf(hostNames[i]);
    const Instant began = monotonicNow();
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    for (int i = 0; i < 2; ++i) {
        const std::string host = hostNames[i];
        if (findInHost(host, "dyadd").empty()) return Error{"measure", host, "dyadd does not run", ""};
        const auto used = static_cast<double>(processorTimeOf(host) - before[i]);
        figures.idleCpu.add(100 * used / static_cast<double>((monotonicNow() - began).count()));
        for (const pid_t pid : findInHost(host, "dyad-heart"))
            figures.heartMemory.add(residentMiB(pid));
        for (const pid_t pid : findInHost(host, "dyadd"))
            figures.serviceMemory.add(residentMiB(pid));
        for (const pid_t pid : findInHost(host, "dyad-lun"))
            figures.lunMemory.add(residentMiB(pid));
    }
    return {};
}

} // namespace dyad::bench
