// SPDX-License-Identifier: Apache-2.0
#include "campaign/outcome.h"

#include <algorithm>
#include <array>
#include <sys/wait.h>

namespace dyad::simulator {

namespace {

std::string firstLineWith(std::string_view words, std::string_view what) {
    const std::size_t found = words.find(what);
    if (found == std::string_view::npos) return {};
    std::size_t from = words.rfind('\n', found);
    from = from == std::string_view::npos ? 0 : from + 1;
    return std::string(words.substr(from, words.find('\n', found) - from));
}

std::string lastLine(std::string_view words) {
    while (!words.empty() && words.back() == '\n')
        words.remove_suffix(1);
    const std::size_t from = words.rfind('\n');
    return std::string(from == std::string_view::npos ? words : words.substr(from + 1));
}

// splitmix64's finisher: every bit of the input reaches every bit of the output.
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

} // namespace

const char* toText(Ending ending) {
    switch (ending) {
    case Ending::Clean: return "clean";
    case Ending::Liveness: return "liveness";
    case Ending::Safety: return "safety";
    case Ending::Crash: return "crash";
    }
    return "?";
}

Ending endingOf(Verdict::Kind kind) {
    switch (kind) {
    case Verdict::Kind::Clean: return Ending::Clean;
    case Verdict::Kind::Safety: return Ending::Safety;
    case Verdict::Kind::Liveness: return Ending::Liveness;
    }
    return Ending::Crash;
}

int exitStatusOf(Ending worst) {
    switch (worst) {
    case Ending::Clean: return exitClean;
    case Ending::Crash: return 2;
    case Ending::Safety: return 3;
    case Ending::Liveness: return 4;
    }
    return exitUsage;
}

bool Failure::sameAs(const Failure& other) const {
    if (ending != other.ending || checker != other.checker) return false;
    // An invariant is known by its sentence; what a checker says has times and names in it.
    return checker != "invariant" || what == other.what;
}

Failure crashOf(std::uint64_t seed, int status, bool hung, std::string_view words) {
    Failure failure{.seed = seed, .ending = Ending::Crash};
    if (hung) {
        failure.checker = "hang";
        failure.what = "the life did not end within its deadline";
        return failure;
    }
    failure.what = firstLineWith(words, "broken invariant");
    if (!failure.what.empty()) {
        failure.checker = "invariant";
        return failure;
    }
    for (const std::string_view sign : {std::string_view("ERROR: "), std::string_view("runtime error: ")}) {
        failure.what = firstLineWith(words, sign);
        if (failure.what.empty()) continue;
        failure.checker = "sanitizer";
        return failure;
    }
    failure.checker = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                          : "exit " + std::to_string(WEXITSTATUS(status));
    failure.what = lastLine(words);
    if (failure.what.empty()) failure.what = "the process ended without a word";
    return failure;
}

void Tally::add(std::uint64_t seed, const Verdict& verdict) {
    ++lives;
    digest += mixed(verdict.digest ^ mixed(seed));
    counts += verdict.counts;
}

Tally& Tally::operator+=(const Tally& other) {
    lives += other.lives;
    digest += other.digest;
    counts += other.counts;
    return *this;
}

} // namespace dyad::simulator
