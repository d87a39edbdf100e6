// SPDX-License-Identifier: Apache-2.0
// A revision of the configuration: which text, made from which, by whom. The number is bookkeeping of `dyad config
// apply`; it doesn't stand in the file.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dyad::model {

inline constexpr std::size_t maxRevisionsKept = 10;

struct Revision {
    std::uint64_t number = 0; // from 1; 0: none
    std::uint64_t digest = 0; // of the text (config/digest.h); never 0 for a revision that exists

    auto operator<=>(const Revision&) const = default;
};

struct RevisionRecord {
    Revision revision;
    std::uint64_t parent = 0; // digest of the text that it replaced; 0: none
    std::string who;          // name of the token, or "by hand"
    std::string node;         // on which it was given
    std::int64_t wallClockMs = 0;
    bool byHand = false; // the file was found changed at a start: no one has checked it on both nodes

    bool operator==(const RevisionRecord&) const = default;
};

// A text that is checked and on disk here, and waits for the word of the node that coordinates.
struct StagedRevision {
    std::uint64_t attempt = 0; // of one `apply`; never 0
    RevisionRecord record;
    std::uint64_t peerBase = 0; // digest that the participant must run
    bool coordinator = false;

    bool operator==(const StagedRevision&) const = default;
};

// What one node tells another, and people, of its configuration.
struct ConfigurationPicture {
    std::string node;
    std::vector<RevisionRecord> history; // oldest first; the last is what the node means to run; never empty
    std::optional<StagedRevision> staged;
    std::uint64_t runningDigest = 0; // of the service that answers; another one while it switches
    std::string text;                // of the last of the history, where it was asked for

    [[nodiscard]] const RevisionRecord& current() const { return history.back(); }
};

} // namespace dyad::model
