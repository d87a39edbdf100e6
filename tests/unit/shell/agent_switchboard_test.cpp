// SPDX-License-Identifier: Apache-2.0
#include "shell/agent_switchboard.h"

#include "fake_ports.h"

#include <QTest>

using namespace dyad;

class AgentSwitchboardTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void answersQuoteTheirRequest() {
        shell::AgentSwitchboard board;
        std::vector<model::ResourceAnswer> answers;
        board.onAnswer = [&](const model::ResourceAnswer& answer) { answers.push_back(answer); };
        auto owned = std::make_unique<fakes::FakeAgent>();
        fakes::FakeAgent& agent = *owned;
        board.add(model::GroupId(1), model::ResourceId(2), std::move(owned));

        board.send({model::OperationId(7), model::Epoch(3), model::GroupId(1), model::ResourceId(2),
                    model::ResourceVerb::Start, true});
        const ports::AgentDone startDone = agent.done;
        board.send({model::OperationId(8), model::Epoch(3), model::GroupId(1), model::ResourceId(2),
                    model::ResourceVerb::Kill, false});
        QCOMPARE(agent.calls, (std::vector<std::string>{"start after takeover", "kill"}));

        // The overtaken start answers late: it still says which question it answers.
        startDone({model::ResourceOutcome::Failed, "overtaken"});
        agent.done({model::ResourceOutcome::Stopped, ""});
        QCOMPARE(answers.size(), std::size_t(2));
        QCOMPARE(answers[0].operation.value, 7u);
        QVERIFY(answers[0].verb == model::ResourceVerb::Start);
        QCOMPARE(answers[1].operation.value, 8u);
        QVERIFY(answers[1].outcome == model::ResourceOutcome::Stopped);
        QCOMPARE(answers[1].epoch.value, 3u);
    }

    void noticesNameTheirResource() {
        shell::AgentSwitchboard board;
        std::vector<model::ResourceNotice> notices;
        board.onNotice = [&](const model::ResourceNotice& notice) { notices.push_back(notice); };
        auto owned = std::make_unique<fakes::FakeAgent>();
        fakes::FakeAgent& agent = *owned;
        board.add(model::GroupId(0), model::ResourceId(5), std::move(owned));
        agent.onNotice({model::ResourceNotice::Kind::Died, "exit code 3"});
        QCOMPARE(notices.size(), std::size_t(1));
        QCOMPARE(notices[0].resource.value, 5u);
        QCOMPARE(notices[0].detail, std::string("exit code 3"));
    }
};

QTEST_GUILESS_MAIN(AgentSwitchboardTest)
#include "agent_switchboard_test.moc"
