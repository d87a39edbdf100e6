// SPDX-License-Identifier: Apache-2.0
#include "fake_ports.h"

#include <algorithm>
#include <utility>

namespace dyad::fakes {

void FakeReservations::send(const model::ReservationRequest& request) {
    requests.push_back(request);
    if (mute) return;
    model::ReservationAnswer answer;
    answer.operation = request.operation;
    answer.epoch = request.epoch;
    answer.group = request.group;
    answer.lun = request.lun;
    answer.command = request.command;
    answer.readFrom = clock ? clock->now() : Instant();
    if (pathDown) {
        answer.detail = "the fake path is cut";
        waiting.push_back(answer);
        return;
    }
    model::ReservationSnapshot& there = array[request.lun];
    answer.outcome = model::ReservationOutcome::Good;
    switch (request.command) {
    case model::ReservationCommand::Read: break;
    case model::ReservationCommand::Challenge: there.registrants.push_back(request.key); break;
    case model::ReservationCommand::Withdraw:
        std::erase_if(there.registrants, [&](model::ReservationKey key) { return key.sameClaim(request.key); });
        break;
    case model::ReservationCommand::Defend:
        std::erase_if(there.registrants, [&](model::ReservationKey key) { return !key.sameClaim(request.key); });
        break;
    case model::ReservationCommand::Claim:
        there = {.generation = there.generation + 1,
                 .registrants = {request.key},
                 .holder = request.key,
                 .type = model::ReservationType::WriteExclusive};
        break;
    case model::ReservationCommand::Release: there = {.generation = there.generation + 1}; break;
    }
    answer.snapshot = there;
    waiting.push_back(answer);
}

bool FakeReservations::deliver() {
    const std::deque<model::ReservationAnswer> now = std::exchange(waiting, {});
    for (const model::ReservationAnswer& answer : now)
        onAnswer(answer);
    return !now.empty();
}

void FakeResources::send(const model::ResourceRequest& request) {
    requests.push_back(request);
    if (mute) return;
    const auto key = std::pair(request.group, request.resource);
    model::ResourceAnswer answer;
    answer.operation = request.operation;
    answer.epoch = request.epoch;
    answer.group = request.group;
    answer.resource = request.resource;
    answer.verb = request.verb;
    switch (request.verb) {
    case model::ResourceVerb::Start:
        if (const auto fault = failing.find(key); fault != failing.end()) {
            answer.outcome = model::ResourceOutcome::Failed;
            answer.detail = fault->second;
        } else {
            running[key] = true;
            answer.outcome = model::ResourceOutcome::Running;
        }
        break;
    case model::ResourceVerb::Stop:
    case model::ResourceVerb::Kill:
        running[key] = false;
        answer.outcome = model::ResourceOutcome::Stopped;
        break;
    case model::ResourceVerb::Probe:
        answer.outcome = running[key] ? model::ResourceOutcome::Running : model::ResourceOutcome::Stopped;
        break;
    }
    waiting.push_back(answer);
}

bool FakeResources::deliver() {
    const std::deque<model::ResourceAnswer> now = std::exchange(waiting, {});
    for (const model::ResourceAnswer& answer : now)
        onAnswer(answer);
    return !now.empty();
}

bool FakeJournal::has(const std::string& kind) const {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const model::JournalEntry& entry) { return entry.kind == kind; });
}

} // namespace dyad::fakes
