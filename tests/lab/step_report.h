// SPDX-License-Identifier: Apache-2.0
// What one step of the demo has shown.
#pragma once

#include "lab/client.h"
#include "lab/journal.h"
#include "lab/write_probe.h"

#include <QJsonObject>

#include <optional>
#include <string>
#include <vector>

namespace dyad::lab {

struct ProbeReport {
    std::string from; // namespace
    std::string when;
    WriteProbe probe;
};

// A write of the old owner that was in flight inside the array while the new owner claimed the LUN.
struct BarrierReport {
    Instant arrived;
    Instant landed;
    Instant claimed; // the new owner's reservation_won
    [[nodiscard]] bool holds() const { return landed <= claimed; }
};

struct StepReport {
    std::string name;  // stable word
    std::string title; // for people
    Instant zero;      // of the time line: the fault or the order
    std::string owner; // at the end
    std::vector<std::string> problems;
    ClientGap gap;
    LedgerVerdict ledger;
    std::vector<Moment> moments;
    std::vector<ProbeReport> probes;
    std::optional<BarrierReport> barrier;

    [[nodiscard]] bool ok() const { return problems.empty(); }
    void expect(bool condition, const std::string& otherwise) {
        if (!condition) problems.push_back(otherwise);
    }
};

[[nodiscard]] QJsonObject toJson(const StepReport& report);

// Colours and symbols where the output is a terminal, plain words with symbols elsewhere.
void printTitle(unsigned number, const std::string& title);
void printMoment(const Moment& moment, Instant zero);
void printVerdict(const StepReport& report);
void printNote(const std::string& text);

} // namespace dyad::lab
