// SPDX-License-Identifier: Apache-2.0
#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::Liveness;
using model::Severity;

namespace {

// The best of the links: a peer heard on one of them is alive.
Liveness overAllLinks(const std::vector<model::LinkReport>& links) {
    const auto any = [&](Liveness liveness) {
        return std::any_of(links.begin(), links.end(),
                           [&](const model::LinkReport& link) { return link.liveness == liveness; });
    };
    if (any(Liveness::Alive)) return Liveness::Alive;
    if (any(Liveness::Suspect)) return Liveness::Suspect;
    if (any(Liveness::Unknown)) return Liveness::Unknown;
    return Liveness::Lost;
}

std::string silence(const StepContext& step) {
    Instant last;
    bool ever = false;
    for (const model::LinkReport& link : step.state.links) {
        if (!link.everHeard) continue;
        if (!ever || link.lastHeard > last) last = link.lastHeard;
        ever = true;
    }
    return ever ? "last heartbeat " + toText(step.now - last) + " ago" : "never heard since this node started";
}

void tellLinks(StepContext& step, const std::vector<model::LinkReport>& before) {
    for (std::size_t i = 0; i < step.state.links.size(); ++i) {
        const model::LinkReport& link = step.state.links[i];
        const std::string& name = step.configuration.links[i].name;
        const Liveness was = i < before.size() ? before[i].liveness : Liveness::Unknown;
        if (link.liveness != was) {
            step.explain(kind::linkChanged, "link " + name + " is " + model::toText(link.liveness), nullptr, {},
                         link.liveness == Liveness::Lost ? Severity::Warning : Severity::Information);
        }
        const std::string lost = "link.lost:" + name;
        if (link.liveness == Liveness::Lost)
            step.raise(lost, Severity::Warning, "no heartbeat of " + step.peerName() + " on link " + name,
                       "check cable, switch and address of link " + name + " on both nodes");
        if (link.liveness == Liveness::Alive) step.clear(lost);

        if (link.liveness != Liveness::Alive || link.peerHearsUs)
            step.state.oneWaySince[i].reset();
        else if (!step.state.oneWaySince[i])
            step.state.oneWaySince[i] = step.now;
    }
}

void tellPeer(StepContext& step) {
    PeerRecord& peer = step.state.peer;
    const std::string& name = step.peerName();
    switch (peer.liveness) {
    case Liveness::Alive:
        step.explain(kind::peerAlive, name + " is heard");
        step.clear("peer.lost");
        break;
    case Liveness::Suspect:
        step.explain(kind::peerSuspect, name + " is silent on every link, " + silence(step), nullptr, {},
                     Severity::Warning);
        break;
    case Liveness::Lost:
        step.explain(kind::peerLost, name + " is lost on every link, " + silence(step), nullptr, {},
                     Severity::Critical);
        step.raise("peer.lost", Severity::Critical, name + " is not heard on any link",
                   "look at " + name + ": is it powered, and does a link to it work?");
        break;
    case Liveness::Unknown: break;
    }
}

// What the peer says of each group is compared with what it said. A claim that was refused to us while it owned is
// forgotten when it owns no more, or says that it can't: it belongs to the state of things in which it was asked.
void notePeerWord(StepContext& step, const model::NodeStatus& news) {
    for (GroupRecord& group : step.state.groups) {
        const model::GroupStatus* before = peerWord(step, group);
        const model::GroupStatus* now = wordOn(group, news);
        if (!now) continue;
        if (!before || before->role != now->role) group.peerRoleSince = step.now;
        if (!before) continue;
        const bool letGo = owns(before->role) && !owns(now->role);
        if (letGo || (now->useless && !before->useless)) group.claim.notBefore = Instant();
    }
    const model::NodeStatus& before = step.state.peer.status;
    if (!step.state.peer.everHeard || before.serviceAlive != news.serviceAlive || before.leaving != news.leaving ||
        before.maintenance != news.maintenance)
        step.state.peer.statusSince = step.now;
}

} // namespace

void judgePeer(StepContext& step, const HeartChanged& heart) {
    PeerRecord& peer = step.state.peer;
    std::vector<model::LinkReport> before = std::move(step.state.links);
    step.state.links = heart.links;
    step.state.links.resize(step.configuration.links.size());
    tellLinks(step, before);

    if (heart.peer.everHeard) {
        if (peer.everHeard && heart.peer.boot != peer.boot)
            step.explain(kind::peerRebooted,
                         step.peerName() + " has rebooted: what its earlier boot held is left behind", nullptr, {},
                         Severity::Warning);
        const bool served = peer.status.serviceAlive;
        const bool meant = heart.peer.status.leaving;
        if (served && !heart.peer.status.serviceAlive && !meant) {
            step.explain(kind::peerServiceDied, "the service on " + step.peerName() + " has ended, its heart beats on",
                         nullptr, {}, Severity::Warning);
        }
        const std::string alarm = "peer.service";
        if (heart.peer.status.serviceAlive || meant)
            step.clear(alarm);
        else
            step.raise(alarm, Severity::Warning, "the service on " + step.peerName() + " does not run, its heart does",
                       "start dyadd on " + step.peerName() + "; what runs there is left alone until then");
        notePeerWord(step, heart.peer.status);
        peer.everHeard = true;
        peer.boot = heart.peer.boot;
        peer.status = heart.peer.status;
    }

    const Liveness now = overAllLinks(step.state.links);
    if (now != peer.liveness) {
        // What was refused belongs to the state of things in which it was asked: a peer that is heard again, and one
        // that falls silent, is a new one. A silence that grows from suspect to lost is still the same.
        const bool anew = now == Liveness::Alive || peer.liveness == Liveness::Alive;
        // Heard for the first time in this life of the service: it need not have been away. Who moved what is adopted
        // here, and whether the peer was well then, isn't known: it doesn't go back by itself for that.
        if (now == Liveness::Alive && peer.liveness == Liveness::Unknown)
            for (GroupRecord& group : step.state.groups)
                group.wonAt = step.now;
        peer.liveness = now;
        peer.since = step.now;
        tellPeer(step);
        if (anew)
            for (GroupRecord& group : step.state.groups)
                group.claim.notBefore = Instant();
    }
    judgeDrift(step);
    if (now == Liveness::Alive)
        for (GroupRecord& group : step.state.groups)
            group.alone = false;
}

void judgeDrift(StepContext& step) {
    const PeerRecord& peer = step.state.peer;
    if (!peerSpeaks(step)) return;
    if (peer.status.configurationDigest != step.configuration.digest)
        step.raise("configuration.drift", Severity::Warning, "the two nodes run different configuration files",
                   "make dyad.toml equal on both nodes and restart the service");
    else
        step.clear("configuration.drift");
}

void judgeDirections(StepContext& step) {
    for (std::size_t i = 0; i < step.state.oneWaySince.size(); ++i) {
        const std::string& name = step.configuration.links[i].name;
        const auto& since = step.state.oneWaySince[i];
        if (!since) step.clear("link.one-way:", name);
        // The peer's word on what it hears is one heartbeat old, so a link that comes up looks one-way for a moment.
        else if (step.due(*since + step.timeouts.lost))
            step.raise("link.one-way:" + name, Severity::Warning,
                       "link " + name + " works in one direction only: " + step.peerName() + " does not hear us on it",
                       "look for a firewall rule or a broken transmitter on link " + name);
    }
}

const model::GroupStatus* wordOn(const GroupRecord& group, const model::NodeStatus& status) {
    for (const model::GroupStatus& each : status.groups)
        if (each.tag == group.tag) return &each;
    return nullptr;
}

const model::GroupStatus* peerWord(const StepContext& step, const GroupRecord& group) {
    return step.state.peer.everHeard ? wordOn(group, step.state.peer.status) : nullptr;
}

bool peerSpeaks(const StepContext& step) {
    return step.state.peer.liveness == Liveness::Alive && step.state.peer.everHeard &&
           step.state.peer.status.serviceAlive;
}

bool peerFit(const StepContext& step, const GroupRecord& group) {
    const model::GroupStatus* word = peerWord(step, group);
    return peerSpeaks(step) && word && !word->unfit && !step.state.peer.status.leaving &&
           !step.state.peer.status.maintenance;
}

bool leftByPeer(const StepContext& step, const GroupRecord& group, model::ReservationKey key) {
    if (!key.isOf(step.configuration.clusterId, model::otherNode(step.self)) ||
        step.state.peer.liveness != Liveness::Alive)
        return false;
    if (!key.isOfBoot(step.state.peer.boot)) return true;
    if (!peerSpeaks(step)) return false;
    // Of its present boot: only if the peer's own word knows this claim, or a later one, and says that it doesn't own.
    // An older word could have left before the claim was made.
    const model::GroupStatus* word = peerWord(step, group);
    return word && !owns(word->role) && word->role != model::Role::Claiming && word->role != model::Role::Lost &&
           static_cast<std::uint16_t>(word->epoch.value - key.epoch()) < 0x8000;
}

bool leftByUs(const StepContext& step, model::ReservationKey key) {
    return key.isOf(step.configuration.clusterId, step.self);
}

} // namespace dyad::engine
