// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/stage.h"

#include "lab/chaos/appender.h"
#include "lab/chaos/evidence.h"
#include "lab/chaos/whereabouts.h"
#include "lab/image.h"
#include "lab/pair.h"
#include "lab/settings.h"
#include "lab/world.h"

#include <algorithm>
#include <thread>

namespace dyad::lab {

namespace {

constexpr Duration startPatience = 90s;
constexpr Duration shortNap = 20ms;
constexpr Duration fencedHostBoots = 2s; // a reset takes a machine so long at least
// The LUN of the appended records has room for 30 minutes of them.
constexpr unsigned appendPauseMs = 10;
// No decision may compare an instant of one host with one of the other.
constexpr Duration betaAhead = 1'000'000s;
constexpr unsigned restartWindowSeconds = 60;

model::Profile profileOf(const std::string& word) {
    return word == "fast"      ? model::Profile::Fast
           : word == "relaxed" ? model::Profile::Relaxed
                               : model::Profile::Standard;
}

} // namespace

Stage::Stage(const Plan& plan, std::string profile, std::function<bool()> interrupted)
    : m_plan(plan), m_profile(std::move(profile)), m_interrupted(std::move(interrupted)), m_began(monotonicNow()) {}

Stage::~Stage() { m_injector.orders().waitForAnswers(); }

Result<void> Stage::raise() {
    UpOptions up;
    up.pair.profile = m_profile;
    up.pair.appendPauseMs = appendPauseMs;
    up.pair.restartWindowSeconds = restartWindowSeconds;
    up.smallDisks = true;
    up.movableClocks = true;
    up.betaAhead = betaAhead;
    if (auto built = bringUp(up); !built) return built;
    for (const char* host : hostNames)
        if (auto answered = lab::waitForService(host, startPatience); !answered) return answered;
    m_client = std::make_unique<Client>(ClientSettings{});
    if (auto started = m_client->start(); !started) return started;
    if (!m_client->waitForNewRow(startPatience))
        return Error{"wait for the customer", "", "no row was acknowledged", ""};
    m_watch = std::make_unique<AddressWatch>([this](const std::string& host) { return m_injector.isFrozen(host); });
    EpisodeReport report;
    report.bounds.back = startPatience;
    m_book.read();
    if (!waitForWhole(report))
        return Error{"wait for the pair", "", report.problems.empty() ? "it is not whole" : report.problems.back(), ""};
    m_began = monotonicNow();
    return {};
}

EpisodeReport Stage::play(std::size_t number) {
    const Episode& episode = m_plan.episodes[number];
    const engine::Timeouts timeouts = engine::timeoutsOf(profileOf(m_profile));
    EpisodeReport report;
    report.number = number + 1;
    report.plan = episode.plan;
    m_client->restartGap();
    m_watch->restart();
    m_book.read();
    m_book.forget();
    m_injector.setLastOwner(m_watch->lastOwner());
    report.zero = monotonicNow();
    report.began = report.zero - m_began;

    playFaults(episode, report);
    const Instant healed = monotonicNow();
    const bool back = !m_interrupted() && waitForService(healed, report, &episode);
    const bool whole = back && waitForWhole(report);
    if (m_interrupted()) return report;
    const ClientGap gap = m_client->gap();
    report.gap = gap.longest;
    setBounds(episode, report);
    report.expect(report.gap <= report.bounds.gap,
                  "the service was away for " + toText(report.gap) + ", longer than " + toText(report.bounds.gap));
    report.doubleAddress = m_watch->longestDouble();
    report.expect(report.doubleAddress <= longestDoubleAddress(episode, timeouts),
                  "both hosts had the floating address for " + toText(report.doubleAddress));
    if (whole) {
        probeWrites(report);
        checkRows(report);
    }
    checkJournals(episode, report);
    m_injector.orders().waitForAnswers();
    for (auto& answer : m_injector.orders().answers())
        report.notes.push_back(std::move(answer));
    return report;
}

// Anew whenever something has happened: a host that resets itself meanwhile takes its time.
void Stage::setBounds(const Episode& episode, EpisodeReport& report) const {
    if (!mayDisturb(episode, groupName)) {
        report.bounds = boundsOfNothing();
        return;
    }
    std::vector<FaultSpan> spans;
    for (const auto& fault : report.faults) {
        Instant healed = std::max(fault.began, fault.healed);
        // What fills a disk is taken away only when all else has healed.
        if (fault.planned.kind == FaultKind::LunFull)
            for (const auto& other : report.faults)
                healed = std::max(healed, other.healed);
        spans.push_back(
            {fault.planned.kind, fault.host, fault.planned.link, fault.began - report.zero, healed - report.zero});
    }
    report.bounds = boundsOf(spans, {report.resets.size(), report.cleared}, engine::timeoutsOf(profileOf(m_profile)));
}

void Stage::playFaults(const Episode& episode, EpisodeReport& report) {
    struct Turn {
        Duration at;
        bool begins;
        std::size_t fault;
    };
    std::vector<Turn> turns;
    for (std::size_t i = 0; i < episode.faults.size(); ++i) {
        const auto& fault = episode.faults[i];
        turns.push_back({fault.at, true, i});
        if (fault.lasts > Duration(0)) turns.push_back({fault.at + fault.lasts, false, i});
    }
    std::stable_sort(turns.begin(), turns.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    const bool undisturbed = !mayDisturb(episode, groupName) && !mayDisturb(episode, ledgerGroup);
    std::map<std::size_t, std::size_t> active; // of the plan → of the report
    for (const auto& turn : turns) {
        waitUntil(report.zero + turn.at, report);
        if (m_interrupted()) return;
        if (turn.begins) {
            auto begun = m_injector.begin(episode.faults[turn.fault]);
            if (!begun) {
                report.problems.push_back("the lab: " + begun.error().text());
                continue;
            }
            active[turn.fault] = report.faults.size();
            report.faults.push_back(std::move(begun).value());
            // The owner is the same from beginning to end: whoever isn't must be refused in the middle of it, too.
            if (undisturbed) probeWrites(report);
        } else if (active.contains(turn.fault)) {
            ActiveFault& fault = report.faults[active[turn.fault]];
            if (auto ended = m_injector.end(fault); !ended)
                report.problems.push_back("the lab: " + ended.error().text());
            fault.healed = monotonicNow();
        }
    }
}

void Stage::waitUntil(Instant at, EpisodeReport& report) {
    while (monotonicNow() < at && !m_interrupted()) {
        tick(report);
        const Duration left = at - monotonicNow();
        if (left > Duration(0)) std::this_thread::sleep_for(std::min(left, shortNap));
    }
}

void Stage::tick(EpisodeReport& report) {
    m_book.read();
    superviseHosts(report);
}

void Stage::superviseHosts(EpisodeReport& report) {
    for (const char* host : hostNames) {
        if (m_injector.isWantedOff(host) || isOn(host)) {
            m_fencedAt.erase(host);
            continue;
        }
        const auto fenced = m_fencedAt.try_emplace(host, monotonicNow());
        if (fenced.second) {
            ++m_selfFences;
            report.resets.emplace_back(host);
            report.notes.push_back(std::string(host) + " has reset itself");
        }
        if (monotonicNow() - fenced.first->second < fencedHostBoots) continue;
        const auto off = powerOff(host); // what the reset host has left of itself
        const auto on = off ? powerOn(host) : Result<void>(off.error());
        if (!on) report.problems.push_back("the lab: " + on.error().text());
        if (auto again = m_injector.reapply(); !again) report.problems.push_back("the lab: " + again.error().text());
    }
}

void Stage::add(const EpisodeReport& episode, CampaignReport& report) const {
    ++report.episodes;
    report.faults += episode.faults.size();
    if (episode.gap > report.longestGap) {
        report.longestGap = episode.gap;
        report.longestGapBound = episode.bounds.gap;
        report.longestGapEpisode = episode.number;
    }
    for (const auto& problem : episode.problems)
        report.problems.push_back("episode " + std::to_string(episode.number) +
                                  (episode.plan.empty() ? "" : " (" + episode.plan + ")") + ": " + problem);
}

bool Stage::mend() {
    if (auto healed = m_injector.healAll(); !healed) return false;
    EpisodeReport report;
    report.bounds.back = startPatience;
    return waitForService(monotonicNow(), report) && waitForWhole(report);
}

std::string Stage::keepEvidence(std::uint64_t seed, std::size_t episode,
                                const std::vector<std::string>& problems) const {
    return lab::keepEvidence("seed" + std::to_string(seed) + "-episode" + std::to_string(episode), m_plan, episode,
                             problems);
}

} // namespace dyad::lab
