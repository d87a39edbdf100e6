// SPDX-License-Identifier: Apache-2.0
// What becomes of an order to move a group: fed with what both nodes tell, says the steps and how it ended. Pure.
#pragma once

#include "model/view.h"

#include <QJsonArray>
#include <QJsonObject>

#include <map>
#include <string>
#include <vector>

namespace dyad::cli {

class OrderProgress {
public:
    enum class Outcome { UnderWay, Done, Failed };

    struct Step {
        double atMs = 0; // since the order was given, by this program's clock
        std::string node;
        model::JournalEntry entry;
    };

    // `from`: the node that is active now, or empty. `to`: where it must become active; empty: anywhere.
    OrderProgress(std::string group, std::string from, std::string to)
        : m_group(std::move(group)), m_from(std::move(from)), m_to(std::move(to)) {}

    // True: the entry is a step of this group.
    bool take(double atMs, const std::string& node, const model::JournalEntry& entry);
    void take(const model::ClusterView& view);

    // Done is final. Failed may pass: the other node may be about to take over what one has given up.
    [[nodiscard]] Outcome outcome() const;
    [[nodiscard]] const std::string& activeOn() const { return m_activeOn; }
    [[nodiscard]] std::string trouble() const; // Failed: what and what next
    [[nodiscard]] const std::vector<Step>& steps() const { return m_steps; }

private:
    std::string m_group;
    std::string m_from;
    std::string m_to;
    std::string m_activeOn;
    std::map<std::string, std::string> m_troubles; // by node, as its last view has it
    bool m_left = false;                           // it has stopped being active on `from`
    std::vector<Step> m_steps;
    bool m_done = false;
};

[[nodiscard]] QJsonArray toJson(const std::vector<OrderProgress::Step>& steps);

} // namespace dyad::cli
