// SPDX-License-Identifier: Apache-2.0
#include "campaign/arguments.h"

#include <charconv>

namespace dyad::simulator {

namespace {

Error wrong(const std::string& word, const std::string& cameBack, const std::string& remedy) {
    return Error{"read the command line at", word, cameBack, remedy};
}

class Reader {
public:
    Reader(const std::vector<std::string>& words, Arguments& to) : m_words(words), m_to(to) {}

    Result<void> read() {
        for (m_at = 0; m_at < m_words.size(); ++m_at) {
            readWord(m_words[m_at]);
            if (m_error) return *m_error;
        }
        return {};
    }
    [[nodiscard]] bool helpWanted() const { return m_helpWanted; }

private:
    void readWord(const std::string& word) {
        if (word == "--seeds")
            m_to.seeds = number(1, UINT64_MAX);
        else if (word == "--first")
            m_to.first = number(0, UINT64_MAX);
        else if (word == "--jobs")
            m_to.jobs = static_cast<unsigned>(number(1, maxJobs));
        else if (word == "--seconds")
            m_to.seconds = number(1, 365ull * 24 * 3600);
        else if (word == "--seed")
            m_to.seed = number(0, UINT64_MAX);
        else if (word == "--json")
            m_to.json = true;
        else if (word == "--stop")
            m_to.stop = true;
        else if (word == "--trace")
            m_to.trace = true;
        else if (word == "--digest")
            m_to.digest = true;
        else if (word == "--save")
            m_to.save = text("a folder");
        else if (word == "--regressions")
            m_to.regressions = text("a folder");
        else if (word == "--digests")
            m_to.digests = text("a file");
        else if (word == "--rewrite")
            m_to.rewrite = true;
        else if (word == "--plan")
            readPlan();
        else if (word == "--help")
            m_helpWanted = true;
        else
            m_error = wrong(word, "no such option", "`dyad-sim --help` lists them");
    }

    // "--seed 7 --plan" shows a plan, "--plan FILE" takes one.
    void readPlan() {
        const bool hasFile = m_at + 1 < m_words.size() && m_words[m_at + 1].rfind("--", 0) != 0;
        if (hasFile)
            m_to.planFile = m_words[++m_at];
        else
            m_to.plan = true;
    }

    std::string text(const char* what) {
        if (m_at + 1 < m_words.size() && !m_words[m_at + 1].empty()) return m_words[++m_at];
        m_error = wrong(m_words[m_at], "nothing follows", std::string("Give ") + what);
        return {};
    }

    std::uint64_t number(std::uint64_t least, std::uint64_t most) {
        const std::string option = m_words[m_at];
        const std::string word = text("a number");
        if (m_error) return least;
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error != std::errc() || end != word.data() + word.size() || value < least || value > most)
            m_error = wrong(option, "\"" + word + "\"",
                            "Give a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return value;
    }

    const std::vector<std::string>& m_words;
    Arguments& m_to;
    std::size_t m_at = 0;
    std::optional<Error> m_error;
    bool m_helpWanted = false;
};

Result<Arguments> decide(Arguments to) {
    const bool campaign = to.seeds || to.seconds;
    const bool one = to.seed || !to.planFile.empty();
    const int ways =
        (campaign ? 1 : 0) + (one ? 1 : 0) + (to.regressions.empty() ? 0 : 1) + (to.digests.empty() ? 0 : 1);
    if (ways > 1)
        return wrong(
            "--seeds, --seed, --plan, --regressions, --digests", "more than one of them was given",
            "Choose a campaign (--seeds, --seconds), one life (--seed, --plan FILE), --regressions or --digests");
    if (to.seed && !to.planFile.empty())
        return wrong("--plan " + to.planFile, "a seed was given, too", "A plan carries its seed: leave --seed away");
    if (to.plan && !to.seed) return wrong("--plan", "no file and no seed", "Give --plan FILE, or --seed N --plan");
    if (to.trace + to.digest + to.plan > 1)
        return wrong("--trace, --digest, --plan", "more than one of them was given", "Choose one");
    if ((to.trace || to.digest) && !one)
        return wrong(to.trace ? "--trace" : "--digest", "it shows one life", "Give --seed N or --plan FILE with it");
    if (to.rewrite && to.digests.empty()) return wrong("--rewrite", "no file", "Give --digests FILE with it");
    if (ways == 0)
        return wrong("its end", "nothing to do was given",
                     "Give --seeds N, --seconds T, --seed N, --plan FILE or --regressions DIR");
    to.what = campaign             ? Arguments::What::Campaign
              : one                ? Arguments::What::OneLife
              : to.digests.empty() ? Arguments::What::Regressions
                                   : Arguments::What::Digests;
    return to;
}

} // namespace

Result<Arguments> parseArguments(const std::vector<std::string>& words, unsigned cores) {
    Arguments to;
    to.jobs = cores == 0 ? 1 : cores > maxJobs ? maxJobs : cores;
    Reader reader(words, to);
    if (const Result<void> read = reader.read(); !read) return read.error();
    if (reader.helpWanted()) return to;
    return decide(std::move(to));
}

const char* usage() {
    return "dyad-sim: lives of a pair in a virtual world of faults, each drawn from a seed\n"
           "\n"
           "  dyad-sim --seeds N [--first S] [--jobs J] [--seconds T] [--json] [--save DIR] [--stop]\n"
           "      lives N seeds from S (1) on, in J processes (one per core), for T seconds at most;\n"
           "      without --seeds for T seconds. --json: one object as last line. --save: shrunk plans go there.\n"
           "      --stop: ends at the first failure, and does not shrink it\n"
           "  dyad-sim --seed N [--trace | --digest | --plan]\n"
           "      one life: its verdict, its story, the digest of its trace, or what will happen in it\n"
           "  dyad-sim --plan FILE [--trace | --digest]      the same of a plan (- is standard input)\n"
           "  dyad-sim --regressions DIR                     plays every plan in DIR; all must be clean\n"
           "  dyad-sim --digests FILE [--rewrite]            lives the seeds in FILE twice: are the digests the "
           "file's?\n"
           "\n"
           "Exit status: 0 clean, 1 usage, 2 a crash or a hang, 3 a safety rule broken, 4 a liveness rule broken,\n"
           "5 another digest; of several the first in this order. A failing life prints its seed first, then what "
           "broke, then its plan\n"
           "shrunk to the fewest faults that still break the same rule.\n";
}

} // namespace dyad::simulator
