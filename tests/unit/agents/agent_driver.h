// SPDX-License-Identifier: Apache-2.0
// Drives an agent from a test: asks, waits for the answer on the event loop, keeps the notices.
#pragma once

#include <QElapsedTimer>
#include <QTest>
#include <optional>
#include <string>
#include <vector>

#include "ports/agent.h"

namespace dyad::agents {

inline constexpr int guardMs = 60000;

struct AgentDriver {
    ports::Agent& agent;
    std::vector<ports::AgentNotice> notices;

    explicit AgentDriver(ports::Agent& driven) : agent(driven) {
        agent.onNotice = [this](const ports::AgentNotice& notice) { notices.push_back(notice); };
    }

    static ports::AgentResult await(const std::optional<ports::AgentResult>& answer) {
        QElapsedTimer guard;
        guard.start();
        while (!answer && guard.elapsed() < guardMs)
            QTest::qWait(1);
        return answer.value_or(ports::AgentResult{model::ResourceOutcome::CouldNotRun, "the test waited in vain"});
    }
    static ports::AgentDone into(std::optional<ports::AgentResult>& answer) {
        return [&answer](const ports::AgentResult& result) { answer = result; };
    }

    ports::AgentResult start(bool takeover = false) {
        std::optional<ports::AgentResult> answer;
        agent.start(takeover, into(answer));
        return await(answer);
    }
    ports::AgentResult stop() {
        std::optional<ports::AgentResult> answer;
        agent.stop(into(answer));
        return await(answer);
    }
    ports::AgentResult kill() {
        std::optional<ports::AgentResult> answer;
        agent.kill(into(answer));
        return await(answer);
    }
    ports::AgentResult probe() {
        std::optional<ports::AgentResult> answer;
        agent.probe(into(answer));
        return await(answer);
    }

    [[nodiscard]] bool awaitNotice(model::ResourceNotice::Kind kind) const {
        return QTest::qWaitFor([&] { return count(kind) > 0; }, guardMs);
    }
    [[nodiscard]] int count(model::ResourceNotice::Kind kind) const {
        int found = 0;
        for (const ports::AgentNotice& notice : notices)
            found += notice.kind == kind ? 1 : 0;
        return found;
    }
};

} // namespace dyad::agents

// Compares the outcome and shows the detail where it differs.
#define COMPARE_OUTCOME(result, wanted)                                                                                \
    do {                                                                                                               \
        const dyad::ports::AgentResult got = (result);                                                                 \
        QVERIFY2(got.outcome == (wanted),                                                                              \
                 (std::string(dyad::model::toText(got.outcome)) + ": " + got.detail).c_str());                         \
    } while (false)
