// SPDX-License-Identifier: Apache-2.0
// One node's LunCore over the fake array, with sessions that come and go.
#pragma once

#include "fake_array.h"
#include "storage/lun/lun_core.h"

#include <memory>

namespace dyad::test {

class FakeNode {
public:
    FakeNode(FakeArray& array, model::NodeId which, Duration hold = 3600s)
        : m_array(array), node(which), core({model::LunId(0), 3600s, hold}) {
        core.onAnswer = [this](const model::ReservationAnswer& answer) {
            answers.push_back(answer);
            if (onAnswer) onAnswer(answer);
        };
        core.onNotice = [this](const model::LunNotice& notice) {
            if (notice.kind == model::LunNotice::Kind::Fenced) ++fenced;
        };
        logIn();
    }
    void logIn() {
        if (nexus) return;
        m_old.push_back(std::make_unique<FakeNexus>(m_array, static_cast<int>(node), ++m_logins));
        nexus = m_old.back().get();
        m_array.loggedIn(*nexus);
        core.sessionUp(*nexus);
    }
    void loseSession(std::size_t deliverFirst = 0) {
        if (!nexus) return;
        FakeNexus* lost = std::exchange(nexus, nullptr);
        lost->breakDown(deliverFirst);
        core.sessionDown("cable pulled");
    }
    [[nodiscard]] model::ReservationKey key(unsigned epoch) const {
        return model::ReservationKey::make(7, node, model::BootDigest(model::indexOf(node) + 1), model::Epoch(epoch));
    }
    void send(model::ReservationCommand command, unsigned epoch = 1, model::ClaimFrom from = model::ClaimFrom::Nothing,
              std::optional<model::ReservationKey> expected = {}) {
        model::ReservationRequest request;
        request.operation = model::OperationId(++m_operation);
        request.epoch = model::Epoch(epoch);
        request.command = command;
        request.key = key(epoch);
        request.from = from;
        request.expectedHolder = expected;
        core.request(request, m_array.clock);
    }
    // Sends and lets this node alone run until the answer is there.
    model::ReservationAnswer ask(model::ReservationCommand command, unsigned epoch = 1,
                                 model::ClaimFrom from = model::ClaimFrom::Nothing,
                                 std::optional<model::ReservationKey> expected = {}) {
        const std::size_t before = answers.size();
        send(command, epoch, from, expected);
        run();
        if (answers.size() != before + 1) qFatal("a request was answered %zu times", answers.size() - before);
        return answers.back();
    }
    void run() {
        do {
            endIfGivenUp();
            core.collect();
        } while (nexus && nexus->step());
    }
    // What the event loop of dyad-lun does: the session ends, the next one follows.
    void endIfGivenUp() {
        if (!nexus || !nexus->givenUp()) return;
        loseSession();
        logIn();
    }
    // The result is appended to `results` when it is there.
    void write(std::uint8_t value) {
        auto transfer = std::make_shared<DataTransfer>();
        transfer->kind = DataTransfer::Kind::Write;
        transfer->bytes.assign(512, value);
        core.submit({std::move(transfer), [this](int error, DataTransfer&) { results.push_back(error); }},
                    m_array.clock);
    }

private:
    FakeArray& m_array;
    std::vector<std::unique_ptr<FakeNexus>> m_old;
    std::uint64_t m_operation = 0;
    int m_logins = 0;

public:
    const model::NodeId node;
    storage::LunCore core;
    FakeNexus* nexus = nullptr; // none: not logged in
    std::vector<model::ReservationAnswer> answers;
    std::vector<int> results;
    unsigned fenced = 0;
    std::function<void(const model::ReservationAnswer&)> onAnswer;
};

} // namespace dyad::test
