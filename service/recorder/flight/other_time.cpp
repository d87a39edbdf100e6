// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/other_time.h"

#include "base/overloaded.h"
#include "recorder/flight/silences.h"
#include "recorder/flight/words.h"

#include <algorithm>

namespace dyad::recorder {

using model::ReservationCommand;
using model::ResourceVerb;

namespace {

// A read that the recording can't time takes so long.
constexpr Duration ordinaryRead = 1ms;
// An engine that decides more often than this within one incident goes in circles.
constexpr std::size_t maxSteps = 200000;

} // namespace

std::vector<model::Role> rolesOf(const engine::State& state) {
    std::vector<model::Role> roles;
    for (const engine::GroupRecord& group : state.groups)
        roles.push_back(group.role);
    return roles;
}

void addDecisions(std::vector<Decision>& decisions, Instant at, const std::vector<model::Role>& before,
                  const engine::State& after, const std::vector<engine::Action>& actions,
                  const model::Configuration& configuration) {
    for (const engine::Action& action : actions)
        std::visit(Overloaded{
                       [&](const model::ReservationRequest& request) {
                           if (request.command != ReservationCommand::Read)
                               decisions.push_back({at, std::string(toText(request.command)) + " on LUN " +
                                                            lunName(request.lun, configuration)});
                       },
                       [&](const model::ResourceRequest& request) {
                           if (request.verb != ResourceVerb::Probe)
                               decisions.push_back(
                                   {at, std::string(toText(request.verb)) + " " +
                                            resourceName(request.group, request.resource, configuration)});
                       },
                       [&](const engine::SelfFence&) {
                           decisions.push_back({at, "reset of this host"});
                       },
                       [](const auto&) {},
                   },
                   action);
    for (std::size_t i = 0; i < after.groups.size() && i < before.size(); ++i)
        if (after.groups[i].role != before[i])
            decisions.push_back({at, configuration.groups[i].name + ": " + model::toText(before[i]) + " → " +
                                         model::toText(after.groups[i].role)});
}

OtherTime::OtherTime(const RunHeader& header, const engine::State& state, Instant lastNow,
                     const std::vector<RecordedStep>& steps, const engine::Timeouts& timeouts)
    : m_header(header), m_engine(header.configuration, header.self, state, lastNow, timeouts), m_now(lastNow) {
    m_peer = {state.peer.everHeard, state.peer.boot, state.peer.status};
    std::vector<TimedHeart> hearts;
    for (const RecordedStep& step : steps)
        if (const auto* heart = std::get_if<engine::HeartChanged>(&step.event)) hearts.push_back({step.at, *heart});
    for (TimedHeart& report :
         judgeAnew(hearts, state.links, lastNow, engine::timeoutsOf(header.configuration.profile), timeouts))
        m_coming.emplace(std::max(report.at, lastNow), std::move(report.heart));
    for (const engine::GroupRecord& group : state.groups)
        for (const engine::LunRecord& lun : group.luns) {
            Picture& picture = m_seen[lun.id];
            picture.answer.group = group.id;
            picture.answer.lun = lun.id;
            picture.answer.outcome = lun.pathUp ? model::ReservationOutcome::Good : model::ReservationOutcome::NoPath;
            picture.answer.snapshot = lun.snapshot;
        }
    collect(steps);
}

// Facts come at their time; answers wait for their question.
void OtherTime::collect(const std::vector<RecordedStep>& steps) {
    std::map<model::OperationId, Known*> open;
    std::map<model::OperationId, Instant> reads;
    std::map<model::LunId, unsigned> acts;
    const auto asked = [&](const Question& question, model::OperationId operation, model::ReservationKey key,
                           Instant at) {
        std::deque<Known>& known = m_known[question];
        known.push_back({{}, key, {}, at});
        open[operation] = &known.back();
    };
    const auto answered = [&](model::OperationId operation, const RecordedStep& step) {
        const auto found = open.find(operation);
        if (found == open.end()) return false;
        found->second->after = step.at - found->second->askedAt;
        found->second->answer = step.event;
        return true;
    };
    for (const RecordedStep& step : steps) {
        std::visit(Overloaded{
                       [](const engine::HeartChanged&) {}, // judged anew
                       [](const engine::TimePassed&) {},   // passes by itself
                       [&](const model::ReservationAnswer& answer) {
                           const bool read = answer.command == ReservationCommand::Read;
                           if (read)
                               m_pictures.emplace(step.at, std::pair(answer.lun, Picture{answer, acts[answer.lun]}));
                           if (read && reads.count(answer.operation) != 0) return;
                           if (answered(answer.operation, step))
                               ++acts[answer.lun];
                           else
                               m_coming.emplace(step.at, step.event); // asked before the incident
                       },
                       [&](const model::ResourceAnswer& answer) {
                           if (!answered(answer.operation, step)) m_coming.emplace(step.at, step.event);
                       },
                       [&](const auto&) { m_coming.emplace(step.at, step.event); },
                   },
                   step.event);
        for (const engine::Action& action : step.actions) {
            if (const auto* request = std::get_if<model::ReservationRequest>(&action)) {
                if (request->command == ReservationCommand::Read) {
                    reads[request->operation] = step.at;
                    continue;
                }
                m_recordedActs.push_back(step.at);
                asked({true, request->group.value, request->lun.value, static_cast<std::uint8_t>(request->command)},
                      request->operation, request->key, step.at);
            }
            if (const auto* request = std::get_if<model::ResourceRequest>(&action)) {
                if (request->verb != ResourceVerb::Probe) m_recordedActs.push_back(step.at);
                asked({false, request->group.value, request->resource.value, static_cast<std::uint8_t>(request->verb)},
                      request->operation, {}, step.at);
            }
        }
    }
}

void OtherTime::live(Instant end, Incident& incident) {
    take(m_now, engine::TimePassed{}, incident); // the other time-outs take effect
    for (std::size_t i = 0; i < maxSteps && !incident.unanswered; ++i) {
        const std::optional<Instant> deadline = m_engine.nextDeadline();
        const bool something = !m_coming.empty();
        const Instant coming = something ? m_coming.begin()->first : end;
        // Facts first: time passes last.
        if (something && (!deadline || coming <= *deadline)) {
            if (coming > end) return;
            const engine::Event event = std::move(m_coming.begin()->second);
            m_coming.erase(m_coming.begin());
            if (answersToOtherActs(coming, event)) {
                incident.ended = coming;
                return;
            }
            take(std::max(coming, m_now), event, incident);
        } else {
            if (!deadline || *deadline > end) return;
            take(std::max(*deadline, m_now), engine::TimePassed{}, incident);
        }
    }
}

bool OtherTime::answersToOtherActs(Instant at, const engine::Event& event) const {
    const auto* heart = std::get_if<engine::HeartChanged>(&event);
    if (!heart || !heart->peer.everHeard || heart->peer == m_peer) return false;
    const auto done = std::upper_bound(m_recordedActs.begin(), m_recordedActs.end(), at) - m_recordedActs.begin();
    return static_cast<std::size_t>(done) != m_ownActs;
}

void OtherTime::see(const engine::Event& event) {
    if (const auto* answer = std::get_if<model::ReservationAnswer>(&event))
        if (answer->command != ReservationCommand::Read) {
            ++m_acts[answer->lun];
            m_seen[answer->lun].answer = *answer;
        }
    if (const auto* heart = std::get_if<engine::HeartChanged>(&event))
        if (heart->peer.everHeard) m_peer = heart->peer;
    if (const auto* notice = std::get_if<model::LunNotice>(&event))
        if (notice->kind != model::LunNotice::Kind::Fenced)
            m_seen[notice->lun].answer.outcome = notice->kind == model::LunNotice::Kind::PathUp
                                                     ? model::ReservationOutcome::Good
                                                     : model::ReservationOutcome::NoPath;
}

void OtherTime::take(Instant at, const engine::Event& event, Incident& incident) {
    m_now = at;
    see(event);
    const std::vector<model::Role> before = rolesOf(m_engine.state());
    const std::vector<engine::Action> actions = m_engine.step(at, event);
    addDecisions(incident.replayed, at, before, m_engine.state(), actions, m_header.configuration);
    for (const engine::Action& action : actions)
        if (!incident.unanswered) answer(at, action, incident);
}

void OtherTime::answer(Instant at, const engine::Action& action, Incident& incident) {
    if (const auto* request = std::get_if<model::ReservationRequest>(&action)) {
        if (request->command == ReservationCommand::Read) return answerRead(at, *request);
        ++m_ownActs;
        answerKnown(at, {true, request->group.value, request->lun.value, static_cast<std::uint8_t>(request->command)},
                    *request, incident);
    }
    if (const auto* request = std::get_if<model::ResourceRequest>(&action)) {
        if (request->verb != ResourceVerb::Probe) ++m_ownActs;
        answerKnown(at,
                    {false, request->group.value, request->resource.value, static_cast<std::uint8_t>(request->verb)},
                    *request, incident);
    }
}

// The array as the recording saw it last, as long as what we did to it is the same.
void OtherTime::answerRead(Instant at, const model::ReservationRequest& request) {
    for (auto each = m_pictures.begin(); each != m_pictures.end() && each->first <= at;) {
        const auto& [lun, picture] = each->second;
        if (picture.acts == m_acts[lun]) m_seen[lun] = picture;
        each = m_pictures.erase(each);
    }
    model::ReservationAnswer answer = m_seen[request.lun].answer;
    if (answer.outcome != model::ReservationOutcome::NoPath && answer.outcome != model::ReservationOutcome::Late)
        answer.outcome = model::ReservationOutcome::Good;
    answer.operation = request.operation;
    answer.epoch = request.epoch;
    answer.group = request.group;
    answer.lun = request.lun;
    answer.command = request.command;
    answer.readFrom = at;
    m_coming.emplace(at + ordinaryRead, std::move(answer));
}

template <typename Request>
void OtherTime::answerKnown(Instant at, const Question& question, const Request& request, Incident& incident) {
    std::deque<Known>& known = m_known[question];
    const std::string words = toWords(engine::Action(request), m_header.configuration);
    if (known.empty()) {
        incident.unanswered = words;
        return;
    }
    const Known answer = std::move(known.front());
    known.pop_front();
    if (!answer.answer) {
        incident.unanswered = words + " (it was never answered)";
        return;
    }
    engine::Event event = *answer.answer;
    if constexpr (std::is_same_v<Request, model::ReservationRequest>) {
        if (answer.key != request.key) {
            incident.unanswered = words + " (it was asked with another key)";
            return;
        }
        auto& told = std::get<model::ReservationAnswer>(event);
        told.readFrom = at + (told.readFrom - answer.askedAt);
        told.operation = request.operation;
        told.epoch = request.epoch;
    } else {
        auto& told = std::get<model::ResourceAnswer>(event);
        told.operation = request.operation;
        told.epoch = request.epoch;
    }
    m_coming.emplace(at + answer.after, std::move(event));
}

} // namespace dyad::recorder
