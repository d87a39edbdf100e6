// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "storage/lun_protocol.h"

using namespace dyad;
using namespace dyad::storage;

class LunProtocolTest : public QObject {
    Q_OBJECT

    static std::vector<LunMessage> oneOfEach() {
        LunRequest request;
        request.request.operation = model::OperationId(7);
        request.request.epoch = model::Epoch(3);
        request.request.group = model::GroupId(2);
        request.request.command = model::ReservationCommand::Claim;
        request.request.key = {0x1234567890abcd00};
        request.request.from = model::ClaimFrom::Challenge;
        request.request.expectedHolder = model::ReservationKey{42};
        LunAnswer answer;
        answer.answer.operation = model::OperationId(7);
        answer.answer.outcome = model::ReservationOutcome::Conflict;
        answer.answer.snapshot.generation = 9;
        answer.answer.snapshot.registrants = {{1}, {2}};
        answer.answer.snapshot.holder = model::ReservationKey{2};
        answer.answer.snapshot.type = model::ReservationType::WriteExclusive;
        answer.answer.readFrom = Instant::fromNanoseconds(123456789);
        answer.answer.detail = "RESERVATION CONFLICT (18h)";
        LunTold told;
        told.notice.kind = model::LunNotice::Kind::Fenced;
        told.notice.detail = "the array answered";
        return {LunHello{}, request, LunCloseGate{}, LunQuit{}, LunState{5, true, false, true, 1 << 30, 512, "well"},
                answer,     told};
    }

private Q_SLOTS:
    void thereAndBack() {
        for (const LunMessage& message : oneOfEach()) {
            const auto back = decodeLunMessage(encodeLunMessage(message));
            QVERIFY(back.ok());
            QVERIFY(back.value() == message);
        }
    }
    void everyShorterOrLongerOneIsRefused() {
        for (const LunMessage& message : oneOfEach()) {
            auto bytes = encodeLunMessage(message);
            for (std::size_t length = 0; length < bytes.size(); ++length)
                QVERIFY(!decodeLunMessage(std::span(bytes).first(length)));
            bytes.push_back(0);
            QVERIFY(!decodeLunMessage(bytes));
        }
    }
    void anotherVersionIsRefused() {
        auto bytes = encodeLunMessage(LunHello{});
        bytes[4] = 99;
        const auto message = decodeLunMessage(bytes);
        QVERIFY(!message && message.error().cameBack.find("version 99") != std::string::npos);
    }
    void longTextsAreCut() {
        LunTold told;
        told.notice.detail.assign(5000, 'x');
        const auto back = decodeLunMessage(encodeLunMessage(told));
        QVERIFY(back.ok());
        QCOMPARE(std::get<LunTold>(back.value()).notice.detail.size(), maxLunMessageText);
    }
};

QTEST_GUILESS_MAIN(LunProtocolTest)
#include "lun_protocol_test.moc"
