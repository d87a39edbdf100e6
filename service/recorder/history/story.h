// SPDX-License-Identifier: Apache-2.0
// One incident as both nodes tell it, on one clock. Pure: whoever asked the nodes puts their answers in.
#pragma once

#include "model/history.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::recorder {

// A node's two clocks, read at one moment of the reader's clock.
struct ClockReading {
    std::string boot;        // of the node at that moment
    Instant at;              // the node's monotonic clock
    std::int64_t wallMs = 0; // the node's wall clock
    Instant read;            // the reader's clock: half of the way between question and answer
    Duration uncertainty{0}; // half of the round trip
};

struct NodeTale {
    std::string node;
    bool answered = false;
    std::string trouble; // why it did not
    ClockReading clock;
    std::vector<model::Incident> incidents;
    std::vector<model::RememberedEntry> entries; // of the time of the incident; empty while incidents are only listed
};

// The reader's instant of something that a node wrote. By the node's monotonic clock where it is of the present boot;
// else by the wall clocks, which is good only as far as they agree.
struct CommonInstant {
    Instant at;
    bool exact = false;
};
[[nodiscard]] CommonInstant onCommonClock(const ClockReading& clock, const std::string& boot, Instant at,
                                          std::int64_t wallMs);

// What several nodes, or one of them twice, told of the same thing.
struct MergedIncident {
    std::string node; // whose incident stands for all of them
    model::Incident primary;
    std::vector<std::pair<std::string, model::Incident>> others;
    Instant began; // on the reader's clock, of all of them together
    Instant ended;
    [[nodiscard]] std::string name() const { return node + "-" + std::to_string(primary.id); }
};
// The newest first.
[[nodiscard]] std::vector<MergedIncident> mergeIncidents(const std::vector<NodeTale>& tales);
// By its name ("beta-12"), or by a name of one that was merged into it. Null: there is none.
[[nodiscard]] const MergedIncident* findIncident(const std::vector<MergedIncident>& incidents, const std::string& name);
// What an operator most likely asks about: the newest one that matters, not the return that followed it.
[[nodiscard]] const MergedIncident* latestOf(const std::vector<MergedIncident>& incidents);

struct StoryLine {
    Duration after{0}; // since the beginning; may be negative
    bool exact = true; // else by the wall clocks
    std::string node;
    model::JournalEntry entry;
};
struct StoryStep {
    std::string node;
    std::string name;
    Duration after{0};
    Duration took{0};
};
struct StoryRule {
    std::string node;
    std::string name; // "standby: peer silent"
    std::string text; // of the row of the transition table
};
struct ClientGap {
    Duration length{0};
    std::string from;  // what it is reckoned from, and to
    bool exact = true; // both ends by monotonic clocks
    Duration uncertainty{0};
};

struct Story {
    MergedIncident incident;
    std::int64_t beganWallMs = 0;
    std::vector<StoryLine> lines;
    std::vector<StoryStep> steps;
    std::vector<StoryRule> rules;
    std::optional<ClientGap> gap;
    std::string clients;                 // what they felt, where no gap is reckoned; or empty
    std::vector<std::string> prevention; // what would have prevented it, or what to look at
    Duration uncertainty{0};             // of the distance between lines of different nodes
    std::vector<std::string> notes;      // who did not answer, what is by the wall clocks
};
inline constexpr Duration storyMargin = 1s; // lines so long before and after the incident belong to it

[[nodiscard]] Story tellStory(const std::vector<NodeTale>& tales, const MergedIncident& incident);

} // namespace dyad::recorder
