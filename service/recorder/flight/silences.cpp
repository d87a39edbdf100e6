// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/silences.h"

#include <algorithm>
#include <set>

namespace dyad::recorder {

using model::LinkReport;
using model::Liveness;

namespace {

bool silent(const LinkReport& link) { return link.liveness == Liveness::Suspect || link.liveness == Liveness::Lost; }

// When a silent link was heard last. One that was never heard is silent since the recorded heart began to wait for it.
Instant silentSince(const LinkReport& link, Instant reportedAt, const engine::Timeouts& recorded) {
    if (link.everHeard) return link.lastHeard;
    return reportedAt - (link.liveness == Liveness::Lost ? recorded.lost : recorded.suspect);
}

// What is known of one link from one report to the next.
struct Stretch {
    Instant from;
    LinkReport link;
    std::optional<Instant> silentSince;
};

std::vector<Stretch> stretchesOf(std::size_t link, const std::vector<TimedHeart>& recorded, const LinkReport& before,
                                 Instant from, const engine::Timeouts& timeouts) {
    std::vector<Stretch> stretches{{from, before, {}}};
    if (silent(before)) stretches.back().silentSince = silentSince(before, from, timeouts);
    for (const TimedHeart& report : recorded) {
        if (link >= report.heart.links.size()) continue;
        Stretch stretch{report.at, report.heart.links[link], {}};
        const Stretch& last = stretches.back();
        if (silent(stretch.link)) {
            // Suspect first and lost later is one silence.
            const bool sameSilence = last.silentSince && silent(last.link) && !stretch.link.everHeard;
            stretch.silentSince = sameSilence ? last.silentSince : silentSince(stretch.link, report.at, timeouts);
        }
        // Reports that came meanwhile, for another reason, didn't know yet that the silence had begun.
        for (std::size_t i = stretches.size(); stretch.silentSince && i-- > 1;) {
            if (stretches[i].from < *stretch.silentSince || stretches[i].link.liveness != Liveness::Alive) break;
            stretches[i].silentSince = stretch.silentSince;
        }
        stretches.push_back(stretch);
    }
    return stretches;
}

LinkReport judged(const std::vector<Stretch>& stretches, Instant at, const engine::Timeouts& timeouts) {
    std::size_t now = 0;
    while (now + 1 < stretches.size() && stretches[now + 1].from <= at)
        ++now;
    LinkReport link = stretches[now].link;
    std::optional<Instant> since = stretches[now].silentSince;
    // The heart has not noticed it yet, but the next report tells that it was silent by now.
    if (!since && link.liveness == Liveness::Alive && now + 1 < stretches.size() && stretches[now + 1].silentSince &&
        *stretches[now + 1].silentSince < at) {
        since = stretches[now + 1].silentSince;
        link.lastHeard = *since;
    }
    if (!since) return link;
    const Duration silence = at - *since;
    if (silence >= timeouts.lost)
        link.liveness = Liveness::Lost;
    else if (link.everHeard)
        link.liveness = silence >= timeouts.suspect ? Liveness::Suspect : Liveness::Alive;
    else
        link.liveness = Liveness::Unknown;
    return link;
}

} // namespace

std::vector<TimedHeart> judgeAnew(const std::vector<TimedHeart>& recorded, const std::vector<LinkReport>& before,
                                  Instant from, const engine::Timeouts& recordedTimeouts,
                                  const engine::Timeouts& timeouts) {
    std::vector<std::vector<Stretch>> links;
    std::set<Instant> instants;
    for (std::size_t i = 0; i < before.size(); ++i) {
        links.push_back(stretchesOf(i, recorded, before[i], from, recordedTimeouts));
        for (const Stretch& stretch : links.back()) {
            if (!stretch.silentSince) continue;
            for (const Duration after : {timeouts.suspect, timeouts.lost})
                if (*stretch.silentSince + after > from) instants.insert(*stretch.silentSince + after);
        }
    }
    for (const TimedHeart& report : recorded)
        instants.insert(report.at);

    std::vector<TimedHeart> anew;
    std::size_t next = 0;
    model::PeerReport peer;
    bool peerKnown = false;
    std::vector<LinkReport> last = before;
    for (const Instant at : instants) {
        bool fact = false;
        for (; next < recorded.size() && recorded[next].at <= at; ++next) {
            peer = recorded[next].heart.peer;
            peerKnown = fact = true;
        }
        TimedHeart report{at, {{}, peer}};
        for (const auto& stretches : links)
            report.heart.links.push_back(judged(stretches, at, timeouts));
        const bool changed = !std::equal(
            last.begin(), last.end(), report.heart.links.begin(), report.heart.links.end(),
            [](const LinkReport& left, const LinkReport& right) { return left.liveness == right.liveness; });
        if (!fact && !changed) continue;
        last = report.heart.links;
        // An empty report of the peer changes nothing that the engine knows of it.
        if (!peerKnown) report.heart.peer = {};
        anew.push_back(std::move(report));
    }
    return anew;
}

} // namespace dyad::recorder
