// SPDX-License-Identifier: Apache-2.0
// What is well and what is not with a pair, from what both nodes say and what this host's files show. Pure.
#pragma once

#include "engine/timeouts.h"
#include "model/truth.h"
#include "model/view.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::cli {

struct DoctorNode {
    std::string node;
    std::string trouble; // why it did not answer; empty: it did
    std::optional<model::ClusterView> view;
    std::optional<model::NodeTruth> truth;
    Instant asked; // on the reader's clock: half of the way between question and answer
    Duration uncertainty{0};
};

struct LocalFile {
    std::string path;
    std::string what;    // "the cluster key"
    unsigned wanted = 0; // permission bits that may be set at most
    bool there = false;
    unsigned mode = 0;
    unsigned owner = 0; // uid
};

// Of the host on which the command runs.
struct LocalFacts {
    std::vector<LocalFile> files;
    std::optional<int> certificateDays; // left; negative: expired
    std::string certificateTrouble;
    std::string stateFolder;
    std::optional<std::uint64_t> freeBytes; // of the state folder's filesystem
    std::uint64_t totalBytes = 0;
    bool watchdog = false; // /dev/watchdog is there
};

enum class Health { Well, Warning, Ill };

struct DoctorFinding {
    Health health = Health::Well;
    std::string subject;
    std::string text;
    std::string remedy;
};

[[nodiscard]] std::vector<DoctorFinding> examine(const std::vector<DoctorNode>& nodes, const LocalFacts& local);

// How often in a year every link would be silent for `silence` by chance alone: heartbeats are lost independently of
// each other, on each link with the ratio measured over its last 100; where none was lost, with the highest ratio that
// this agrees with at 95 % (3 of 100).
[[nodiscard]] double silencesPerYear(const std::vector<double>& lossRatios, Duration heartbeat, Duration silence);

} // namespace dyad::cli
