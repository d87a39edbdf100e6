// SPDX-License-Identifier: Apache-2.0
// Any sequence of events at any time: the engine's invariants hold, and what it decides can be recorded. Answers are
// made to fit the questions that are open, because the ports promise that; what they say is the fuzzer's.
#include "fuzz.h"

#include "base/byte_order.h"
#include "engine/engine.h"
#include "recorder/flight/codec.h"

#include <deque>
#include <vector>

using namespace dyad;

namespace {

constexpr std::size_t maxBytes = 2000; // a longer life shows nothing that a shorter one doesn't

model::Configuration pair() {
    model::Configuration configuration;
    configuration.clusterName = "fuzz";
    configuration.clusterId = 0x5d2a;
    configuration.digest = 1;
    configuration.profile = model::Profile::Fast;
    configuration.nodes[0].name = "alpha";
    configuration.nodes[1].name = "beta";
    configuration.links = {{.name = "private", .ends = {}}};
    for (std::uint32_t g = 0; g < 2; ++g) {
        model::GroupSetup group;
        group.name = g == 0 ? "erp" : "crm";
        if (g == 0) {
            group.luns = {model::LunId(0), model::LunId(1)};
            configuration.luns = {{.name = "one"}, {.name = "two"}};
        }
        group.resources.resize(2);
        group.resources[0].name = "db";
        group.resources[0].settings = model::ProcessSettings{};
        group.resources[1].name = "ip";
        group.resources[1].settings = model::AddressSettings{};
        group.resources[1].after = {model::ResourceId(0)};
        configuration.groups.push_back(group);
    }
    return configuration;
}

class Life {
public:
    explicit Life(fuzz::Bytes bytes) : m_bytes(bytes) {}

    void live() {
        give(engine::Started{model::BootDigest(0xa0001), {}});
        while (!m_bytes.empty()) {
            m_now = m_now + 1ms * (fuzz::takeByte(m_bytes) << (fuzz::takeByte(m_bytes) % 6));
            next();
        }
    }

private:
    std::uint8_t take(unsigned below) { return static_cast<std::uint8_t>(fuzz::takeByte(m_bytes) % below); }

    void give(const engine::Event& event) {
        for (const engine::Action& action : m_engine.step(m_now, event)) {
            if (const auto* request = std::get_if<model::ReservationRequest>(&action))
                m_reservations.push_back(*request);
            if (const auto* request = std::get_if<model::ResourceRequest>(&action)) m_resources.push_back(*request);
        }
        fuzz::promise(recorder::encode(m_engine.state(), m_record).has_value(), "a state can be recorded");
    }

    void next() {
        switch (take(9)) {
        case 0: return give(engine::TimePassed{});
        case 1: return hear();
        case 2: return give(engine::GatewayChanged{take(2) == 1});
        case 3:
        case 4: return answerReservation();
        case 5: return answerResource();
        case 6: return give(model::LunNotice{model::LunId(take(2)), static_cast<model::LunNotice::Kind>(take(3)), ""});
        case 7:
            return give(model::ResourceNotice{model::GroupId(take(2)), model::ResourceId(take(2)),
                                              static_cast<model::ResourceNotice::Kind>(take(3)), ""});
        default: return rare();
        }
    }

    void rare() {
        switch (take(3)) {
        case 0: return give(engine::WasFrozen{1ms * take(250)});
        case 1: return give(engine::ShutdownRequested{"fuzz"});
        default:
            return give(engine::OrderGiven{model::RequestId(++m_orders), model::orderKinds[take(model::orderKinds.size())],
                                           model::GroupId(take(2)), model::ResourceId(take(4)), {}, take(2) == 1,
                                           "fuzz"});
        }
    }

    void hear() {
        engine::HeartChanged heart;
        model::LinkReport link;
        link.liveness = static_cast<model::Liveness>(take(4));
        link.everHeard = take(2) == 1;
        link.peerHearsUs = take(2) == 1;
        link.lastHeard = m_now;
        heart.links = {link};
        heart.peer.everHeard = take(2) == 1;
        heart.peer.boot = model::BootDigest(0xb0001u + take(3));
        heart.peer.status.serviceAlive = take(4) != 0;
        heart.peer.status.leaving = take(8) == 0;
        heart.peer.status.configurationDigest = 1;
        for (unsigned g = 0; g < 2; ++g) {
            const std::uint8_t flags = fuzz::takeByte(m_bytes);
            heart.peer.status.groups.push_back({static_cast<model::Role>(take(8)), model::Epoch(take(8)),
                                                (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0,
                                                (flags & 8) != 0});
        }
        give(heart);
    }

    // A key of ours, of the peer's or of a stranger.
    model::ReservationKey someKey(const model::ReservationRequest& request) {
        switch (take(4)) {
        case 0: return request.key;
        case 1:
            return model::ReservationKey::make(0x5d2a, model::NodeId::Second, model::BootDigest(0xb0001u + take(3)),
                                               model::Epoch(take(8)));
        case 2:
            return model::ReservationKey::make(0x5d2a, model::NodeId::First, model::BootDigest(0xa0001u + take(2)),
                                               model::Epoch(take(8)));
        default: return {0x1111222233334444};
        }
    }

    void answerReservation() {
        if (m_reservations.empty()) return;
        const model::ReservationRequest request = m_reservations.front();
        m_reservations.pop_front();
        model::ReservationAnswer answer;
        answer.operation = request.operation;
        answer.epoch = request.epoch;
        answer.group = request.group;
        answer.lun = request.lun;
        answer.command = request.command;
        answer.outcome = static_cast<model::ReservationOutcome>(take(6));
        answer.readFrom = m_now;
        for (std::uint8_t i = take(4); i > 0; --i)
            answer.snapshot.registrants.push_back(someKey(request));
        if (!answer.snapshot.registrants.empty() && take(3) != 0) {
            answer.snapshot.holder = answer.snapshot.registrants.front();
            answer.snapshot.type = model::ReservationType::WriteExclusive;
        }
        give(answer);
    }

    void answerResource() {
        if (m_resources.empty()) return;
        const model::ResourceRequest request = m_resources.front();
        m_resources.pop_front();
        give(model::ResourceAnswer{request.operation, request.epoch, request.group, request.resource, request.verb,
                                   static_cast<model::ResourceOutcome>(take(4)), ""});
    }

    fuzz::Bytes m_bytes;
    Instant m_now = Instant::fromNanoseconds(1'000'000'000);
    engine::Engine m_engine{pair(), model::NodeId::First};
    std::deque<model::ReservationRequest> m_reservations;
    std::deque<model::ResourceRequest> m_resources;
    std::uint64_t m_orders = 0;
    std::vector<std::uint8_t> m_record = std::vector<std::uint8_t>(64 * 1024);
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size <= maxBytes) Life({data, size}).live();
    return 0;
}
