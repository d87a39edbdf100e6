// SPDX-License-Identifier: Apache-2.0
// Which fields each type has, once for both directions. Each type is taken apart by a structured binding: a field that
// is added to a type doesn't compile here until it is named, and then `flightVersion` is to be raised.
#pragma once

#include "recorder/flight/byte_coders.h"

namespace dyad::recorder {

template <typename T, typename U>
concept Is = std::is_same_v<std::remove_const_t<T>, U>;

#define DYAD_ENUM_RANGE(type, first, last)                                                                             \
    template <>                                                                                                        \
    struct EnumRange<type> {                                                                                           \
        static constexpr auto least = static_cast<std::uint8_t>(type::first);                                          \
        static constexpr auto greatest = static_cast<std::uint8_t>(type::last);                                        \
    }
DYAD_ENUM_RANGE(model::NodeId, First, Second);
DYAD_ENUM_RANGE(model::Role, Standby, Maintenance);
DYAD_ENUM_RANGE(model::Liveness, Unknown, Lost);
DYAD_ENUM_RANGE(model::ResourceState, Unknown, Failed);
DYAD_ENUM_RANGE(model::Severity, Information, Critical);
DYAD_ENUM_RANGE(model::ReservationCommand, Read, Release);
DYAD_ENUM_RANGE(model::ClaimFrom, Challenge, Nothing);
DYAD_ENUM_RANGE(model::ReservationOutcome, Good, Refused);
DYAD_ENUM_RANGE(model::LunNotice::Kind, PathUp, Fenced);
DYAD_ENUM_RANGE(model::ResourceVerb, Start, Probe);
DYAD_ENUM_RANGE(model::ResourceOutcome, Running, Starting);
DYAD_ENUM_RANGE(model::ResourceNotice::Kind, Died, Progress);
DYAD_ENUM_RANGE(model::OrderKind, Switchover, ReleaseClaim);
DYAD_ENUM_RANGE(model::Profile, Fast, Relaxed);
DYAD_ENUM_RANGE(model::Failback, Manual, Never);
DYAD_ENUM_RANGE(engine::ClaimCause, PeerSilent, NobodyOwns);
DYAD_ENUM_RANGE(engine::ClaimPhase, Challenging, GivingBack);
DYAD_ENUM_RANGE(engine::StopCause, Switchover, Disable);
#undef DYAD_ENUM_RANGE
// Any number that the array names is shown as it is.
template <>
struct EnumRange<model::ReservationType> {
    static constexpr std::uint8_t least = 0;
    static constexpr std::uint8_t greatest = 255;
};

template <typename Coder, typename... Fields>
void each(Coder& coder, Fields&... fields) {
    (field(coder, fields), ...);
}

// --- model

template <typename Coder>
void field(Coder& coder, Is<model::ReservationKey> auto& value) {
    each(coder, value.value);
}
template <typename Coder>
void field(Coder& coder, Is<model::ReservationSnapshot> auto& value) {
    auto& [generation, registrants, holder, type] = value;
    each(coder, generation, registrants, holder, type);
}
template <typename Coder>
void field(Coder& coder, Is<model::StandingOrder> auto& value) {
    auto& [disabled, frozen, version] = value;
    each(coder, disabled, frozen, version);
}
template <typename Coder>
void field(Coder& coder, Is<std::pair<std::string, model::StandingOrder>> auto& value) {
    each(coder, value.first, value.second);
}
template <typename Coder>
void field(Coder& coder, Is<model::StandingOrders> auto& value) {
    auto& [maintenance, groups] = value;
    each(coder, maintenance, groups);
}
template <typename Coder>
void field(Coder& coder, Is<model::GroupStatus> auto& value) {
    auto& [role, epoch, useless, released, asks, unfit, standing, tag] = value;
    each(coder, role, epoch, useless, released, asks, unfit, standing, tag);
}
template <typename Coder>
void field(Coder& coder, Is<model::NodeStatus> auto& value) {
    auto& [serviceAlive, leaving, maintenance, configurationDigest, groups] = value;
    each(coder, serviceAlive, leaving, maintenance, configurationDigest, groups);
}
template <typename Coder>
void field(Coder& coder, Is<model::LinkReport> auto& value) {
    auto& [liveness, peerHearsUs, lastHeard, everHeard, roundTrip, lossRatio, received, rejected] = value;
    each(coder, liveness, peerHearsUs, lastHeard, everHeard, roundTrip, lossRatio, received, rejected);
}
template <typename Coder>
void field(Coder& coder, Is<model::PeerReport> auto& value) {
    auto& [everHeard, boot, status] = value;
    each(coder, everHeard, boot, status);
}
template <typename Coder>
void field(Coder& coder, Is<model::ReservationRequest> auto& value) {
    auto& [operation, epoch, group, lun, command, key, from, expectedHolder] = value;
    each(coder, operation, epoch, group, lun, command, key, from, expectedHolder);
}
template <typename Coder>
void field(Coder& coder, Is<model::ReservationAnswer> auto& value) {
    auto& [operation, epoch, group, lun, command, outcome, snapshot, readFrom, detail] = value;
    each(coder, operation, epoch, group, lun, command, outcome, snapshot, readFrom, detail);
}
template <typename Coder>
void field(Coder& coder, Is<model::LunNotice> auto& value) {
    auto& [lun, kind, detail] = value;
    each(coder, lun, kind, detail);
}
template <typename Coder>
void field(Coder& coder, Is<model::ResourceRequest> auto& value) {
    auto& [operation, epoch, group, resource, verb, takeover] = value;
    each(coder, operation, epoch, group, resource, verb, takeover);
}
template <typename Coder>
void field(Coder& coder, Is<model::ResourceAnswer> auto& value) {
    auto& [operation, epoch, group, resource, verb, outcome, detail] = value;
    each(coder, operation, epoch, group, resource, verb, outcome, detail);
}
template <typename Coder>
void field(Coder& coder, Is<model::ResourceNotice> auto& value) {
    auto& [group, resource, kind, detail] = value;
    each(coder, group, resource, kind, detail);
}

// --- configuration: what the engine looks at, and the names

template <typename Coder>
void field(Coder& coder, Is<model::RestartLadder> auto& value) {
    auto& [restarts, window, backoff] = value;
    each(coder, restarts, window, backoff);
}
// Only which kind of resource it is, and where a filesystem lies.
template <std::size_t... Index>
void emplaceSettings(Decoder& from, model::ResourceSettings& value, std::size_t index, std::index_sequence<Index...>) {
    const bool known = ((index == Index && (value.template emplace<Index>(), true)) || ...);
    if (!known) from.fail("no such kind of resource: " + std::to_string(index));
}
inline void field(Encoder& to, const model::ResourceSettings& value) {
    to.number(static_cast<std::uint8_t>(value.index()));
    const auto* filesystem = std::get_if<model::FilesystemSettings>(&value);
    field(to, filesystem ? filesystem->lun : model::LunId());
}
inline void field(Decoder& from, model::ResourceSettings& value) {
    const auto index = from.number<std::uint8_t>();
    emplaceSettings(from, value, index, std::make_index_sequence<std::variant_size_v<model::ResourceSettings>>());
    model::LunId lun;
    field(from, lun);
    if (auto* filesystem = std::get_if<model::FilesystemSettings>(&value)) filesystem->lun = lun;
}
template <typename Coder>
void field(Coder& coder, Is<model::ResourceSetup> auto& value) {
    auto& [name, type, settings, after, startTimeout, stopTimeout, ladder, probes] = value;
    each(coder, name, type, settings, after, startTimeout, stopTimeout, ladder);
    static_cast<void>(probes); // the engine hears of them by notices
}
template <typename Coder>
void field(Coder& coder, Is<model::DailyWindow> auto& value) {
    auto& [fromMinute, toMinute] = value;
    each(coder, fromMinute, toMinute);
}
template <typename Coder>
void field(Coder& coder, Is<model::GroupSetup> auto& value) {
    auto& [name, prefer, failback, failbackAfter, failbackWindow, luns, resources] = value;
    each(coder, name, prefer, failback, failbackAfter, failbackWindow, luns, resources);
}
template <typename Coder>
void field(Coder& coder, Is<model::LinkSetup> auto& value) {
    each(coder, value.name);
}
template <typename Coder>
void field(Coder& coder, Is<model::LunSetup> auto& value) {
    each(coder, value.name);
}
template <typename Coder>
void field(Coder& coder, Is<model::Configuration> auto& value) {
    auto& [clusterName, clusterId, profile, nodes, links, heartbeatPort, gateways, luns, groups, control, syncs,
           notify, digest, hooks] = value;
    each(coder, clusterName, clusterId, profile, nodes[0].name, nodes[1].name, links, gateways, luns, groups, digest);
    static_cast<void>(heartbeatPort);
    static_cast<void>(control);
    static_cast<void>(syncs);
    static_cast<void>(notify);
    static_cast<void>(hooks);
}

// --- engine: events

template <typename Coder>
void field(Coder& coder, Is<engine::Started> auto& value) {
    auto& [boot, previous, kept] = value;
    each(coder, boot, previous, kept);
}
template <typename Coder>
void field(Coder& coder, Is<engine::HeartChanged> auto& value) {
    auto& [links, peer] = value;
    each(coder, links, peer);
}
template <typename Coder>
void field(Coder& coder, Is<engine::GatewayChanged> auto& value) {
    auto& [reachable] = value;
    each(coder, reachable);
}
template <typename Coder>
void field(Coder& coder, Is<engine::OrderGiven> auto& value) {
    auto& [request, kind, group, resource, key, aboutPeer, who] = value;
    each(coder, request, kind, group, resource, key, aboutPeer, who);
}
template <typename Coder>
void field(Coder& coder, Is<engine::FailbackWindow> auto& value) {
    auto& [group, open] = value;
    each(coder, group, open);
}
template <typename Coder>
void field(Coder& coder, Is<engine::ShutdownRequested> auto& value) {
    auto& [why] = value;
    each(coder, why);
}
template <typename Coder>
void field(Coder& coder, Is<engine::WasFrozen> auto& value) {
    auto& [gap] = value;
    each(coder, gap);
}
template <typename Coder>
void field(Coder&, Is<engine::TimePassed> auto&) {}

// --- engine: actions

template <typename Coder>
void field(Coder& coder, Is<engine::PublishStatus> auto& value) {
    auto& [status] = value;
    each(coder, status);
}
template <typename Coder>
void field(Coder& coder, Is<engine::KeepStandingOrders> auto& value) {
    auto& [orders] = value;
    each(coder, orders);
}
template <typename Coder>
void field(Coder& coder, Is<engine::CloseGate> auto& value) {
    auto& [lun] = value;
    each(coder, lun);
}
template <typename Coder>
void field(Coder& coder, Is<engine::Explain> auto& value) {
    auto& [severity, kind, group, resource, text] = value;
    each(coder, severity, kind, group, resource, text);
}
template <typename Coder>
void field(Coder& coder, Is<engine::RaiseAlarm> auto& value) {
    auto& [id, severity, text, remedy] = value;
    each(coder, id, severity, text, remedy);
}
template <typename Coder>
void field(Coder& coder, Is<engine::ClearAlarm> auto& value) {
    auto& [id] = value;
    each(coder, id);
}
template <typename Coder>
void field(Coder& coder, Is<engine::AnswerOrder> auto& value) {
    auto& [request, accepted, text] = value;
    each(coder, request, accepted, text);
}
template <typename Coder>
void field(Coder& coder, Is<engine::SelfFence> auto& value) {
    auto& [reason] = value;
    each(coder, reason);
}
template <typename Coder>
void field(Coder&, Is<engine::ShutdownFinished> auto&) {}

// --- engine: state

template <typename Coder>
void field(Coder& coder, Is<engine::PendingReservation> auto& value) {
    auto& [operation, epoch, command, deadline] = value;
    each(coder, operation, epoch, command, deadline);
}
template <typename Coder>
void field(Coder& coder, Is<engine::LunRecord> auto& value) {
    auto& [id, pathUp, pathDownSince, fenced, known, snapshot, provenFrom, provenEpoch, pending, answer, readFrom,
           lastLook, lastDefence] = value;
    each(coder, id, pathUp, pathDownSince, fenced, known, snapshot, provenFrom, provenEpoch, pending, answer, readFrom,
         lastLook, lastDefence);
}
template <typename Coder>
void field(Coder& coder, Is<engine::PendingResource> auto& value) {
    auto& [operation, epoch, verb, deadline] = value;
    each(coder, operation, epoch, verb, deadline);
}
template <typename Coder>
void field(Coder& coder, Is<engine::ResourceRecord> auto& value) {
    auto& [state, mustStop, killFailed, mayRun, detail, pending, failures] = value;
    each(coder, state, mustStop, killFailed, mayRun, detail, pending, failures);
}
template <typename Coder>
void field(Coder& coder, Is<engine::ClaimRecord> auto& value) {
    auto& [cause, phase, windowFrom, attempts, defended, notBefore, frozen] = value;
    each(coder, cause, phase, windowFrom, attempts, defended, notBefore, frozen);
}
template <typename Coder>
void field(Coder& coder, Is<engine::GroupRecord> auto& value) {
    auto& [id, tag, role, epoch, since, why, key, settled, takeover, reprove, reproveFrom, claim, stopCause, releasing,
           released, wonAt, handoverUntil, asksUntil, standing, standingSince, peerRoleSince, failbackOpen, alone,
           evict, luns, resources] = value;
    each(coder, id, tag, role, epoch, since, why, key, settled, takeover, reprove, reproveFrom, claim, stopCause,
         releasing, released, wonAt, handoverUntil, asksUntil, standing, standingSince, peerRoleSince, failbackOpen,
         alone, evict, luns, resources);
}
template <typename Coder>
void field(Coder& coder, Is<engine::PeerRecord> auto& value) {
    auto& [liveness, since, everHeard, boot, status, statusSince] = value;
    each(coder, liveness, since, everHeard, boot, status, statusSince);
}
template <typename Coder>
void field(Coder& coder, Is<engine::State> auto& value) {
    auto& [started, startedAt, boot, maintenance, leaving, shutdownTold, fenceOrdered, gatewayKnown, gatewayReachable,
           gatewayGoneSince, links, oneWaySince, peer, groups, alarms, previous, published, lastOperation] = value;
    each(coder, started, startedAt, boot, maintenance, leaving, shutdownTold, fenceOrdered, gatewayKnown,
         gatewayReachable, gatewayGoneSince, links, oneWaySince, peer, groups, alarms, previous, published,
         lastOperation);
}

// --- records

template <typename Coder>
void field(Coder& coder, Is<RunHeader> auto& value) {
    auto& [programVersion, self, boot, at, wallClockMs, configuration] = value;
    each(coder, programVersion, self, boot, at, wallClockMs, configuration);
}
template <typename Coder>
void field(Coder& coder, Is<FlightSnapshot> auto& value) {
    auto& [header, step, lastNow, state] = value;
    each(coder, header, step, lastNow, state);
}
template <typename Coder>
void field(Coder& coder, Is<FlightEvent> auto& value) {
    auto& [step, at, event] = value;
    each(coder, step, at, event);
}
template <typename Coder>
void field(Coder& coder, Is<FlightActions> auto& value) {
    auto& [step, nextDeadline, actions] = value;
    each(coder, step, nextDeadline, actions);
}

} // namespace dyad::recorder
