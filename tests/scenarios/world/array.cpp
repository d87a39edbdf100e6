// SPDX-License-Identifier: Apache-2.0
#include "world/array.h"

#include <algorithm>

namespace dyad::world {

using model::ClaimFrom;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationKey;
using model::ReservationOutcome;

void Array::place(Lun& lun, NodeId node, ReservationKey key) {
    // One nexus has one registration; and a claim cleans up after earlier logins and boots of its own node.
    std::erase_if(lun.registrations, [&](const Registration& each) {
        const bool own = each.key.nodeNumber() == key.nodeNumber() && each.key.cluster() == key.cluster();
        return own && each.key != lun.holder && each.key != key;
    });
    if (!live(lun, node, key)) {
        std::erase_if(lun.registrations, [&](const Registration& each) { return each.key == key; });
        lun.registrations.push_back({key, node, true});
    }
    ++lun.generation;
}

bool Array::live(const Lun& lun, NodeId node, ReservationKey key) {
    return std::any_of(lun.registrations.begin(), lun.registrations.end(),
                       [&](const Registration& each) { return each.live && each.node == node && each.key == key; });
}

void Array::removeOthers(Lun& lun, ReservationKey than) {
    std::erase_if(lun.registrations, [&](const Registration& each) { return each.key != than; });
    ++lun.generation;
}

ReservationOutcome Array::claim(Lun& lun, const model::ReservationRequest& request, NodeId node, std::string& detail) {
    if (request.from == ClaimFrom::Challenge && !live(lun, node, request.key)) {
        detail = "the challenge is gone from the array";
        return ReservationOutcome::Defended;
    }
    const bool asExpected = lun.holder == request.key ||
                            (request.expectedHolder ? lun.holder && lun.holder->sameClaim(*request.expectedHolder)
                                                    : !lun.holder.has_value());
    if (!asExpected) {
        detail = lun.holder ? "another key holds the reservation" : "nobody holds the reservation any more";
        return ReservationOutcome::Conflict;
    }
    place(lun, node, request.key);
    lun.holder = request.key;
    removeOthers(lun, request.key);
    return ReservationOutcome::Good;
}

ReservationOutcome Array::change(Lun& lun, const model::ReservationRequest& request, NodeId node, std::string& detail) {
    const ReservationKey key = request.key;
    switch (request.command) {
    case ReservationCommand::Read: return ReservationOutcome::Good;
    case ReservationCommand::Challenge:
        if (lun.holder && lun.holder->cluster() == key.cluster() && lun.holder->nodeNumber() == key.nodeNumber()) {
            detail = "a key of this node holds the reservation: there is nobody to challenge";
            return ReservationOutcome::Conflict;
        }
        place(lun, node, key);
        return ReservationOutcome::Good;
    case ReservationCommand::Withdraw:
        if (lun.holder == key) {
            detail = "this claim holds the reservation: it must be released, not withdrawn";
            return ReservationOutcome::Conflict;
        }
        std::erase_if(lun.registrations, [&](const Registration& each) { return each.key == key; });
        ++lun.generation;
        return ReservationOutcome::Good;
    case ReservationCommand::Defend:
        if (lun.holder != key || !live(lun, node, key)) {
            detail = "this nexus does not hold the reservation";
            return ReservationOutcome::Defended;
        }
        removeOthers(lun, key);
        return ReservationOutcome::Good;
    case ReservationCommand::Claim: return claim(lun, request, node, detail);
    case ReservationCommand::Release:
        std::erase_if(lun.registrations, [&](const Registration& each) { return each.key == key; });
        if (lun.holder == key) lun.holder.reset();
        ++lun.generation;
        if (lun.holder) {
            detail = "another key holds the reservation";
            return ReservationOutcome::Defended;
        }
        return ReservationOutcome::Good;
    }
    return ReservationOutcome::Refused;
}

model::ReservationAnswer Array::carryOut(const model::ReservationRequest& request, NodeId node, Instant sent) {
    Lun& lun = m_luns[request.lun.value];
    model::ReservationAnswer answer;
    answer.operation = request.operation;
    answer.epoch = request.epoch;
    answer.group = request.group;
    answer.lun = request.lun;
    answer.command = request.command;
    answer.readFrom = sent;
    if (lun.refusing && request.command != ReservationCommand::Read) {
        answer.outcome = ReservationOutcome::Refused;
        answer.detail = "PERSISTENT RESERVE OUT: ILLEGAL REQUEST 24/00";
        return answer;
    }
    answer.outcome = change(lun, request, node, answer.detail);
    answer.snapshot = snapshot(request.lun);
    return answer;
}

void Array::newLogin(NodeId node, model::LunId at) {
    for (Registration& each : m_luns[at.value].registrations)
        if (each.node == node) each.live = false;
}

bool Array::prove(NodeId node, model::LunId at, ReservationKey claim) {
    Lun& lun = m_luns[at.value];
    if (lun.holder != claim) return false;
    for (Registration& each : lun.registrations)
        if (each.node == node && each.key == claim) each.live = true;
    return true;
}

void Array::forgetEverything() {
    for (Lun& lun : m_luns) {
        lun.registrations.clear();
        lun.holder.reset();
        lun.generation = 0;
    }
}

void Array::plant(model::LunId at, ReservationKey key) {
    Lun& lun = m_luns[at.value];
    const NodeId node = key.nodeNumber() == 2 ? NodeId::Second : NodeId::First;
    lun.registrations.push_back({key, node, false});
    lun.holder = key;
}

bool Array::takesWritesOf(NodeId node, model::LunId at) const {
    const Lun& lun = m_luns[at.value];
    return std::any_of(lun.registrations.begin(), lun.registrations.end(), [&](const Registration& each) {
        return each.live && each.node == node && lun.holder && each.key == *lun.holder;
    });
}

bool Array::standsBeside(model::LunId at, std::uint16_t cluster, NodeId node, model::BootDigest boot) const {
    const Lun& lun = m_luns[at.value];
    return std::any_of(lun.registrations.begin(), lun.registrations.end(), [&](const Registration& each) {
        return each.key.isOf(cluster, node) && each.key.isOfBoot(boot) &&
               !(lun.holder && lun.holder->sameClaim(each.key));
    });
}

model::ReservationSnapshot Array::snapshot(model::LunId at) const {
    const Lun& lun = m_luns[at.value];
    model::ReservationSnapshot shown;
    shown.generation = lun.generation;
    for (const Registration& each : lun.registrations)
        shown.registrants.push_back(each.key);
    shown.holder = lun.holder;
    if (lun.holder) shown.type = model::ReservationType::WriteExclusive;
    return shown;
}

} // namespace dyad::world
