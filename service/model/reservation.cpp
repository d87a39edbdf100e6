// SPDX-License-Identifier: Apache-2.0
#include "model/reservation.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace dyad::model {

ReservationKey ReservationKey::make(std::uint16_t cluster, NodeId node, BootDigest boot, Epoch epoch) {
    return {std::uint64_t{cluster} << 48 | std::uint64_t{static_cast<std::uint8_t>(node)} << 44 |
            (boot.value & 0xfffff) << 24 | std::uint64_t{epoch.value & 0xffff} << 8};
}

ReservationKey ReservationKey::withLogin(std::uint8_t login) const { return {(value & ~std::uint64_t{0xff}) | login}; }

bool ReservationKey::isOf(std::uint16_t ofCluster, NodeId node) const {
    return cluster() == ofCluster && nodeNumber() == static_cast<std::uint8_t>(node);
}

std::string toText(ReservationKey key) {
    char text[96];
    std::snprintf(text, sizeof text, "0x%016llx (node %u, boot %05x, epoch %u, login %u)",
                  static_cast<unsigned long long>(key.value), key.nodeNumber(), key.boot(), key.epoch(), key.login());
    return text;
}

std::optional<ReservationKey> keyFromText(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    if (text.size() != 16) return {};
    ReservationKey key;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), key.value, 16);
    return failed == std::errc() && end == text.data() + text.size() ? std::optional(key) : std::nullopt;
}

bool ReservationSnapshot::ownedOnlyBy(ReservationKey key) const {
    return heldBy(key) && registered(key) &&
           std::all_of(registrants.begin(), registrants.end(),
                       [&](ReservationKey each) { return each.sameClaim(key); });
}

bool ReservationSnapshot::registered(ReservationKey key) const {
    return std::any_of(registrants.begin(), registrants.end(),
                       [&](ReservationKey each) { return each.sameClaim(key); });
}

std::string toText(const ReservationSnapshot& snapshot) {
    std::string text = "generation " + std::to_string(snapshot.generation) + ", holder ";
    text += snapshot.holder ? toText(*snapshot.holder) : "none";
    if (snapshot.holder) text += " type " + std::to_string(static_cast<int>(snapshot.type));
    text += ", registrants";
    if (snapshot.registrants.empty()) text += " none";
    for (const ReservationKey key : snapshot.registrants)
        text += " " + toText(key);
    return text;
}

const char* toText(ReservationCommand command) {
    switch (command) {
    case ReservationCommand::Read: return "read";
    case ReservationCommand::Challenge: return "challenge";
    case ReservationCommand::Withdraw: return "withdraw";
    case ReservationCommand::Defend: return "defend";
    case ReservationCommand::Claim: return "claim";
    case ReservationCommand::Release: return "release";
    }
    return "?";
}

const char* toText(ReservationOutcome outcome) {
    switch (outcome) {
    case ReservationOutcome::Good: return "good";
    case ReservationOutcome::Defended: return "defended";
    case ReservationOutcome::Conflict: return "conflict";
    case ReservationOutcome::NoPath: return "no path";
    case ReservationOutcome::Late: return "late";
    case ReservationOutcome::Refused: return "refused";
    }
    return "?";
}

} // namespace dyad::model
