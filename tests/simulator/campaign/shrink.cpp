// SPDX-License-Identifier: Apache-2.0
#include "campaign/shrink.h"

#include "campaign/child.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>

namespace dyad::simulator {

namespace {

using WallClock = std::chrono::steady_clock;

constexpr Duration shortestFault = 1ms;

class Shrinker {
public:
    Shrinker(const Lives& lives, const Plan& plan, const Failure& failure, const ShrinkSetup& setup)
        : m_lives(lives), m_setup(setup), m_wanted(failure) {
        m_best.plan = plan;
        m_best.failure = failure;
    }

    Shrunk run() {
        m_best.reproduced = stillFails(m_best.plan);
        if (!m_best.reproduced) return finish();
        for (bool better = true; better && mayTry();) {
            better = fewerFaults();
            better = plainerWorld() || better;
            better = shorterFaults() || better;
        }
        return finish();
    }

private:
    Shrunk finish() {
        m_best.trials = m_trials;
        return std::move(m_best);
    }
    [[nodiscard]] bool mayTry() const {
        return m_trials < m_setup.maxTrials && WallClock::now() - m_begin < m_setup.wallBudget;
    }
    bool stillFails(const Plan& plan) {
        if (!mayTry()) return false;
        ++m_trials;
        Failure seen = liveInChild(m_lives, plan, m_setup.lifeDeadline);
        if (!seen.sameAs(m_wanted)) return false;
        m_best.plan = plan;
        m_best.failure = std::move(seen);
        return true;
    }

    // Delta debugging (Zeller, Hildebrandt 2002), leaving out ever smaller pieces of the plan until no single fault
    // can go.
    bool fewerFaults() {
        bool better = false;
        std::size_t pieces = 1; // at first: without any fault at all
        while (!m_best.plan.faults.empty() && mayTry()) {
            const std::size_t count = m_best.plan.faults.size();
            const std::size_t length = (count + pieces - 1) / pieces;
            bool left = false;
            for (std::size_t from = 0; from < count && !left; from += length)
                left = without(from, std::min(count, from + length));
            better = better || left;
            if (left)
                pieces = std::max<std::size_t>(pieces - 1, 1);
            else if (length == 1)
                break;
            else
                pieces = std::min(count, pieces * 2);
        }
        return better;
    }

    bool without(std::size_t from, std::size_t to) {
        Plan fewer = m_best.plan;
        fewer.faults.erase(fewer.faults.begin() + static_cast<std::ptrdiff_t>(from),
                           fewer.faults.begin() + static_cast<std::ptrdiff_t>(to));
        return stillFails(fewer);
    }

    // A plan's text names only those options that differ from their defaults: each such line is left out once.
    bool plainerWorld() {
        bool better = false;
        std::vector<std::string> tried;
        for (bool again = true; again && mayTry();) {
            again = false;
            std::istringstream lines(toText(m_best.plan));
            std::vector<std::string> all;
            for (std::string line; std::getline(lines, line);)
                all.push_back(line);
            for (std::size_t i = 0; i < all.size() && !again; ++i) {
                const bool option = all[i].find('=') != std::string::npos && all[i].rfind("seed=", 0) != 0 &&
                                    all[i].rfind("fault", 0) != 0 && all[i].rfind('#', 0) != 0;
                if (!option || std::find(tried.begin(), tried.end(), all[i]) != tried.end()) continue;
                tried.push_back(all[i]);
                again = withoutLine(all, i);
                better = better || again;
            }
        }
        return better;
    }

    bool withoutLine(const std::vector<std::string>& lines, std::size_t leaveOut) {
        std::string text;
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (i != leaveOut) text += lines[i] + "\n";
        const Result<Plan> plainer = planFromText(text);
        return plainer && plainer.value() != m_best.plan && stillFails(plainer.value());
    }

    bool shorterFaults() {
        bool better = false;
        for (std::size_t i = 0; i < m_best.plan.faults.size(); ++i)
            while (m_best.plan.faults[i].lasts > shortestFault && mayTry()) {
                Plan shorter = m_best.plan;
                // To whole milliseconds: they read better.
                const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(shorter.faults[i].lasts / 2);
                shorter.faults[i].lasts = std::max<Duration>(half, shortestFault);
                if (!stillFails(shorter)) break;
                better = true;
            }
        return better;
    }

    const Lives& m_lives;
    const ShrinkSetup& m_setup;
    const Failure m_wanted;
    const WallClock::time_point m_begin = WallClock::now();
    unsigned m_trials = 0;
    Shrunk m_best;
};

} // namespace

Shrunk shrink(const Lives& lives, const Plan& plan, const Failure& failure, const ShrinkSetup& setup) {
    return Shrinker(lives, plan, failure, setup).run();
}

} // namespace dyad::simulator
