// SPDX-License-Identifier: Apache-2.0
#include "campaign/digests.h"

#include "campaign/outcome.h"

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

namespace dyad::simulator {

namespace {

constexpr std::uint64_t usualSeeds = 50;
constexpr std::size_t maxLines = 10'000;

using Digest = std::pair<std::uint64_t, std::uint64_t>; // seed, digest

template <typename Number>
bool parse(const std::string& word, Number& to, int base) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), to, base);
    return error == std::errc() && end == word.data() + word.size();
}

Result<std::vector<Digest>> readDigests(const std::string& file) {
    std::ifstream in(file);
    if (!in) return Error{"read the digests", file, "it can't be read", "Make it with --digests FILE --rewrite"};
    std::vector<Digest> all;
    std::string line;
    for (std::size_t at = 1; std::getline(in, line) && at <= maxLines; ++at) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream words(line);
        std::string seed;
        std::string digest;
        Digest each;
        words >> seed >> digest;
        if (!parse(seed, each.first, 10) || !parse(digest, each.second, 16))
            return Error{"read the digests", file + ":" + std::to_string(at), "\"" + line + "\"",
                         "Write a seed and its digest in hexadecimal"};
        all.push_back(each);
    }
    if (all.empty())
        return Error{"read the digests", file, "there is none in it", "Make it with --digests FILE --rewrite"};
    return all;
}

} // namespace

Result<int> checkDigests(const std::string& file, const Lives& lives) {
    const Result<std::vector<Digest>> all = readDigests(file);
    if (!all) return all.error();
    std::size_t differ = 0;
    for (const auto& [seed, expected] : all.value()) {
        const std::uint64_t once = lives.live(lives.draw(seed), nullptr).digest;
        const std::uint64_t again = lives.live(lives.draw(seed), nullptr).digest;
        if (once == expected && again == expected) continue;
        ++differ;
        std::printf("seed %" PRIu64 ": %016" PRIx64 "%s, the file says %016" PRIx64 "\n", seed, once,
                    once == again ? "" : " and, the second time, another one", expected);
    }
    std::printf("%zu digests, %zu differ\n", all.value().size(), differ);
    return differ == 0 ? exitClean : exitOtherDigest;
}

Result<void> rewriteDigests(const std::string& file, const Lives& lives) {
    std::vector<Digest> all;
    if (std::filesystem::exists(file)) {
        Result<std::vector<Digest>> known = readDigests(file);
        if (!known) return known.error();
        all = std::move(known).value();
    } else {
        for (std::uint64_t seed = 1; seed <= usualSeeds; ++seed)
            all.emplace_back(seed, 0);
    }
    std::ofstream out(file);
    out << "# The digests of some lives, by seed: the same on every compiler and in every build type. A change of the\n"
           "# engine, of the heart or of the world changes them: `dyad-sim --digests FILE --rewrite`, and say why.\n";
    for (const auto& [seed, before] : all) {
        char line[64];
        std::snprintf(line, sizeof line, "%" PRIu64 " %016" PRIx64 "\n", seed,
                      lives.live(lives.draw(seed), nullptr).digest);
        out << line;
    }
    if (!out.flush()) return Error{"write the digests", file, "it can't be written", "Look at its folder"};
    return {};
}

} // namespace dyad::simulator
