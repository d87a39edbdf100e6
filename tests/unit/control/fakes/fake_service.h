// SPDX-License-Identifier: Apache-2.0
// A service that shows what the test puts into it and remembers what it was ordered.
#pragma once

#include "ports/outside.h"

#include <vector>

namespace dyad::test {

class FakeService : public ports::ServicePort {
public:
    model::ClusterView shown;
    std::vector<model::JournalEntry> journal; // by sequence
    std::vector<model::Order> orders;
    model::OrderAnswer answer{true, "erp moves from alpha to beta"};
    std::function<void(const model::Order&)> onOrder; // what the order sets off
    bool answerNever = false;
    std::vector<Answered> waiting; // of orders that were never answered
    std::vector<model::AuditEntry> audited;
    std::optional<std::size_t> clients;
    std::vector<model::PredictedStep> predicted;
    std::string recording;

    [[nodiscard]] model::ClusterView view() const override { return shown; }
    void order(const model::Order& order, Answered answered) override {
        orders.push_back(order);
        if (answerNever) return waiting.push_back(std::move(answered));
        answered(answer);
        if (answer.accepted && onOrder) onOrder(order);
    }
    [[nodiscard]] std::vector<model::JournalEntry> journalAfter(std::uint64_t sequence,
                                                                std::size_t limit) const override {
        std::vector<model::JournalEntry> found;
        for (const model::JournalEntry& entry : journal)
            if (entry.sequence > sequence && found.size() < limit) found.push_back(entry);
        return found;
    }

    [[nodiscard]] model::OrderAnswer judge(const model::Order&) const override { return answer; }
    [[nodiscard]] std::vector<model::PredictedStep> predict(const model::Order&) const override { return predicted; }
    [[nodiscard]] std::optional<std::size_t> clientsOf(const std::string&) const override { return clients; }
    [[nodiscard]] model::OrderAnswer acknowledge(const std::string& alarm, const std::string& who) override {
        for (model::AlarmView& each : shown.alarms)
            if (each.id == alarm) {
                each.acknowledgedBy = who;
                each.acknowledgedWallClockMs = shown.wallClockMs;
                return {.accepted = true, .text = "alarm " + alarm + " is acknowledged on " + shown.node};
            }
        return {.accepted = false, .text = "no alarm \"" + alarm + "\" stands on " + shown.node};
    }
    void audit(const model::AuditEntry& entry) override { audited.push_back(entry); }
    [[nodiscard]] std::string recordingFile() const override { return recording; }

    void write(const std::string& kind, const std::string& group, const std::string& text) {
        const std::uint64_t sequence = journal.empty() ? 1 : journal.back().sequence + 1;
        journal.push_back({.sequence = sequence,
                           .at = Instant::fromNanoseconds(static_cast<std::int64_t>(sequence) * 1'000'000),
                           .wallClockMs = 1'795'363'200'000 + static_cast<std::int64_t>(sequence),
                           .kind = kind,
                           .group = group,
                           .text = text});
        const model::JournalEntry entry = journal.back(); // who listens may write further ones
        if (onJournal) onJournal(entry);
    }
    void changed() {
        if (onViewChanged) onViewChanged();
    }
};

} // namespace dyad::test
