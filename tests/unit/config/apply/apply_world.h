// SPDX-License-Identifier: Apache-2.0
// Two nodes with disks, a network that loses, delays and reorders, operators that press apply whenever they like, and a
// crash between any two steps. One number (the seed) is one life.
#pragma once

#include "config/apply/apply_core.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dyad::config {

class ApplyWorld {
public:
    struct Node {
        std::string name;
        // On disk.
        ApplyState state;
        std::uint64_t file = 0;      // digest of dyad.toml
        std::uint64_t installed = 0; // of the file as the service wrote it last
        // In memory.
        std::optional<ApplyCore> core;   // none: down
        std::deque<ApplyAction> actions; // of the last step, not yet carried out
        std::optional<std::uint64_t> patience; // the attempt whose answer is waited for
        std::vector<std::uint64_t> orders; // digests ordered here by this life of the service, by request
    };

    struct Message {
        int to = 0;
        ApplyEvent event;
    };

    explicit ApplyWorld(std::uint64_t seed) : m_random(seed) {
        for (int i = 0; i < 2; ++i) {
            m_nodes[i].name = i == 0 ? "alpha" : "beta";
            m_nodes[i].file = m_nodes[i].installed = firstDigest;
            start(i);
        }
    }

    static constexpr std::uint64_t firstDigest = 1000;

    std::uint64_t draw(std::uint64_t below) { return m_random() % below; }
    Node& node(int i) { return m_nodes[i]; }
    [[nodiscard]] const std::set<std::uint64_t>& refused() const { return m_refused; }
    [[nodiscard]] const std::set<std::uint64_t>& accepted() const { return m_accepted; }
    [[nodiscard]] bool busy() const {
        return !m_network.empty() || !m_nodes[0].actions.empty() || !m_nodes[1].actions.empty();
    }

    void start(int i) {
        Node& node = m_nodes[i];
        if (node.core) return;
        node.core.emplace(node.state);
        // Before anything else the service installs what it had decided on but not yet written to the file.
        if (!node.state.history.empty() && node.file == node.installed)
            node.file = node.installed = node.state.current().revision.digest;
        deliver(i, apply_event::Restarted{node.file, node.name, 0});
        node.installed = node.file;
    }
    void crash(int i) {
        m_nodes[i].core.reset();
        m_nodes[i].actions.clear();
        m_nodes[i].patience.reset();
        // An answer comes on the connection of who asked, and ends with it.
        std::erase_if(m_network, [i](const Message& message) {
            return message.to == i && (std::holds_alternative<apply_event::PeerTold>(message.event) ||
                                       std::holds_alternative<apply_event::Fetched>(message.event));
        });
    }
    void editByHand(int i) {
        if (!m_nodes[i].core) m_nodes[i].file = ++m_lastDigest;
    }

    // The event is taken, and the state is on disk; the actions wait.
    void deliver(int i, const ApplyEvent& event) {
        Node& node = m_nodes[i];
        if (!node.core) return;
        while (!node.actions.empty()) // one after the other, as the shell does
            act(i);
        for (ApplyAction& action : node.core->step(event))
            node.actions.push_back(std::move(action));
        node.state = node.core->state();
    }

    void act(int i) {
        Node& node = m_nodes[i];
        if (node.actions.empty()) return;
        const ApplyAction action = node.actions.front();
        node.actions.pop_front();
        carryOut(i, action);
    }

    // The coordinator waits no longer.
    void losePatience(int i) {
        if (const auto attempt = std::exchange(m_nodes[i].patience, std::nullopt))
            deliver(i, apply_event::PrepareUnanswered{*attempt, "time-out"});
    }

    // The message at a random place arrives, or is lost.
    void arrive(bool lost) {
        if (m_network.empty()) return;
        const auto at = m_network.begin() + static_cast<std::ptrdiff_t>(draw(m_network.size()));
        const Message message = *at;
        m_network.erase(at);
        if (!lost) deliver(message.to, message.event);
    }

    std::uint64_t order(int i, bool alone, bool peerReachable, std::uint64_t digest = 0) {
        Node& node = m_nodes[i];
        if (!node.core) return 0;
        if (digest == 0) digest = ++m_lastDigest;
        node.orders.push_back(digest);
        apply_event::Ordered event;
        event.request = node.orders.size();
        event.attempt = ++m_lastAttempt;
        event.digest = digest;
        event.who = "operator";
        event.node = node.name;
        event.alone = alone;
        if (peerReachable && m_nodes[1 - i].core) event.peer = pictureOf(1 - i);
        deliver(i, event);
        return digest;
    }

    void lookAgain(int i) { deliver(i, apply_event::LookAgain{}); }

    // Everything heals: both up, nothing is lost any more.
    void heal() {
        for (int round = 0; round < 8; ++round) {
            for (int i = 0; i < 2; ++i) {
                start(i);
                lookAgain(i);
            }
            for (int guard = 0; busy() && guard < 2000; ++guard) {
                act(0);
                act(1);
                arrive(false);
            }
            losePatience(0);
            losePatience(1);
        }
    }

    [[nodiscard]] ConfigurationPicture pictureOf(int i) const {
        const Node& node = m_nodes[i];
        return {node.name, node.state.history, node.state.staged, node.file, ""};
    }

private:
    void send(int to, ApplyEvent event) {
        m_network.push_back({to, std::move(event)});
        if (m_network.size() > 64) m_network.erase(m_network.begin());
    }

    void carryOut(int i, const ApplyAction& action) {
        Node& node = m_nodes[i];
        const int peer = 1 - i;
        if (const auto* prepare = std::get_if<apply_action::Prepare>(&action)) {
            send(peer, apply_event::PrepareAsked{prepare->staged, ""});
            node.patience = prepare->staged.attempt;
        } else if (const auto* answer = std::get_if<apply_action::AnswerPrepare>(&action)) {
            send(peer, apply_event::PrepareAnswered{answer->attempt, answer->prepared, answer->why});
        } else if (const auto* commit = std::get_if<apply_action::Commit>(&action)) {
            send(peer, apply_event::CommitAsked{commit->attempt, commit->revision});
        } else if (const auto* abort = std::get_if<apply_action::Abort>(&action)) {
            send(peer, apply_event::AbortAsked{abort->attempt});
        } else if (const auto* ask = std::get_if<apply_action::Ask>(&action)) {
            // The peer answers at once, but its answer may travel for long.
            if (m_nodes[peer].core) send(i, apply_event::PeerTold{ask->number, pictureOf(peer)});
        } else if (std::holds_alternative<apply_action::Fetch>(action)) {
            if (m_nodes[peer].core) send(i, apply_event::Fetched{pictureOf(peer), ""});
        } else if (const auto* told = std::get_if<apply_action::Answer>(&action)) {
            const std::uint64_t digest = node.orders.at(told->request - 1);
            (told->accepted ? m_accepted : m_refused).insert(digest);
        } else if (std::holds_alternative<apply_action::Switch>(action)) {
            node.file = node.installed = node.state.current().revision.digest;
        }
    }

    std::mt19937_64 m_random;
    Node m_nodes[2];
    std::vector<Message> m_network;
    std::set<std::uint64_t> m_refused;
    std::set<std::uint64_t> m_accepted;
    std::uint64_t m_lastDigest = firstDigest;
    std::uint64_t m_lastAttempt = 0;
};

} // namespace dyad::config
