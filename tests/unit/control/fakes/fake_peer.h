// SPDX-License-Identifier: Apache-2.0
// A way to the peer that remembers what was asked and answers what the test says, when the test says.
#pragma once

#include "control/protocol/peer_channel.h"

#include <deque>
#include <utility>
#include <vector>

namespace dyad::test {

class FakePeer : public control::PeerChannel {
public:
    std::vector<control::PeerQuestion> asked;
    std::deque<control::PeerAnswer> answers; // one for each question, at once; none left: the question waits
    std::vector<Answered> waiting;

    void ask(const control::PeerQuestion& question, Answered answered) override {
        asked.push_back(question);
        if (answers.empty()) return waiting.push_back(std::move(answered));
        const control::PeerAnswer answer = answers.front();
        answers.pop_front();
        answered(answer);
    }
    [[nodiscard]] const std::string& peerName() const override { return m_name; }

    void neverReached() {
        answers.push_back({.mayHaveArrived = false, .error = {"ask", "beta", "10.77.1.2: Connection refused", ""}});
    }
    void lostOnItsWay() {
        answers.push_back({.mayHaveArrived = true, .error = {"ask", "beta", "no answer in time", ""}});
    }

private:
    std::string m_name = "beta";
};

} // namespace dyad::test
