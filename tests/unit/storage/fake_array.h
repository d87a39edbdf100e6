// SPDX-License-Identifier: Apache-2.0
// A disk array in memory with the persistent reservations of SPC-4: registrations per I_T nexus, type 1, unit
// attentions, writes that stay in flight. Nothing happens by itself: the test says which nexus' next command is carried
// out, which write lands, which session breaks.
#pragma once

#include "base/byte_order.h"
#include "storage/reservations/persistent_reserve.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace dyad::test {

using storage::DataTransfer;
using storage::Nexus;
using storage::ScsiCommand;
using storage::ScsiReply;
using storage::ScsiStatus;
using storage::Sense;

struct ArrayManners {
    bool preemptAndAbort = false;      // stock tgtd has none
    bool registrationSurvives = false; // a new login with the same ISID is the same nexus (Linux LIO)
    bool lunReset = true;
    bool resetLandsWrites = false; // a reset waits for what is in flight, instead of aborting it
    enum class Capabilities { WriteExclusive, OtherTypes, NoTypeMask, NotReported };
    Capabilities capabilities = Capabilities::WriteExclusive;
    bool reservations = true; // PERSISTENT RESERVE IN and OUT are there
};

class FakeArray;

class FakeNexus final : public Nexus {
public:
    FakeNexus(FakeArray& array, int ofNode, int ofLogin) : m_array(array), node(ofNode), login(ofLogin) {}
    void execute(ScsiCommand command, Instant deadline, Done done) override;
    void transfer(std::shared_ptr<DataTransfer> transfer, Done done) override;
    void resetLun(Instant deadline, Done done) override;
    void pause(Duration duration, std::function<void()> done) override;
    void giveUp(const std::string&) override { m_givenUp = true; }
    Instant now() const override;

    // The next command in the order given is carried out and answered; false: there is none.
    bool step();
    // Every waiting command gets NoPath. With `deliverFirst` that many reach the array before, their answers lost.
    void breakDown(std::size_t deliverFirst = 0);
    [[nodiscard]] std::size_t waiting() const { return m_queue.size(); }
    [[nodiscard]] bool givenUp() const { return m_givenUp; } // the core wants it to end

private:
    friend class FakeArray;
    struct Item {
        ScsiCommand command;
        std::shared_ptr<DataTransfer> data;
        bool reset = false;
        Instant sentAt;
        Done done;
    };
    FakeArray& m_array;
    std::deque<Item> m_queue;
    bool m_broken = false;
    bool m_givenUp = false;

public:
    const int node;
    const int login;
};

class FakeArray {
public:
    explicit FakeArray(ArrayManners how = {}) : manners(how) {}

    ArrayManners manners;
    Instant clock = Instant::fromNanoseconds(1'000'000'000);
    std::function<void(int node, std::uint8_t value)> onLanded; // a write has reached the medium
    std::map<std::uint8_t, unsigned> seen;                      // service actions of PERSISTENT RESERVE OUT carried out
    unsigned capabilitiesAsked = 0;
    std::optional<ScsiReply> answerNext; // instead of carrying the next command out

    // --- what the tests look at ---
    [[nodiscard]] std::vector<model::ReservationKey> keys() const {
        std::vector<model::ReservationKey> list;
        for (const auto& [nexus, key] : m_registered)
            list.push_back(key);
        return list;
    }
    [[nodiscard]] std::optional<model::ReservationKey> holder() const {
        if (!m_holder) return std::nullopt;
        return m_registered.at(*m_holder);
    }
    [[nodiscard]] std::size_t inFlight() const { return m_flying.size(); }

    // --- what the tests do to it ---
    void attention(FakeNexus& nexus, Sense sense) { m_attentions[idOf(nexus)].push_back(sense); }
    void loggedIn(FakeNexus& nexus) { m_attentions[idOf(nexus)] = {Sense{6, 0x29, 0}}; }
    void restart() { // without power-loss protection of the keys
        m_registered.clear();
        m_holder.reset();
        m_flying.clear();
        m_attentions.clear();
        ++m_generation;
    }
    void addForeign(int node, model::ReservationKey key) {
        m_registered[{node, 0}] = key;
        ++m_generation;
    }
    // The oldest write in flight reaches the medium; it is answered if its nexus is still there.
    bool land(std::size_t index = 0) {
        if (index >= m_flying.size()) return false;
        Flying write = std::move(m_flying[index]);
        m_flying.erase(m_flying.begin() + static_cast<std::ptrdiff_t>(index));
        if (onLanded) onLanded(write.node, write.value);
        if (write.done) write.done(good(write.sentAt));
        return true;
    }

private:
    friend class FakeNexus;
    using Id = std::pair<int, int>; // node, login
    struct Flying {
        Id id;
        int node = 0;
        std::uint8_t value = 0;
        Instant sentAt;
        Nexus::Done done;
    };

    [[nodiscard]] Id idOf(const FakeNexus& nexus) const {
        return {nexus.node, manners.registrationSurvives ? 0 : nexus.login};
    }
    [[nodiscard]] static ScsiReply good(Instant sentAt) {
        ScsiReply reply;
        reply.delivery = ScsiReply::Delivery::Answered;
        reply.sentAt = sentAt;
        return reply;
    }
    [[nodiscard]] static ScsiReply check(Instant sentAt, Sense sense) {
        ScsiReply reply = good(sentAt);
        reply.status = ScsiStatus::CheckCondition;
        reply.sense = sense;
        return reply;
    }
    [[nodiscard]] static ScsiReply conflict(Instant sentAt) {
        ScsiReply reply = good(sentAt);
        reply.status = ScsiStatus::ReservationConflict;
        return reply;
    }

    void run(FakeNexus& nexus, FakeNexus::Item item) {
        clock = clock + 10us;
        if (answerNext) {
            ScsiReply reply = *std::exchange(answerNext, std::nullopt);
            reply.sentAt = item.sentAt;
            return item.done(std::move(reply));
        }
        const Id id = idOf(nexus);
        if (item.reset) {
            if (!manners.lunReset) return item.done(check(item.sentAt, {5, 0x20, 0}));
            while (manners.resetLandsWrites && land()) {
            }
            m_flying.clear(); // aborted without an answer
            for (auto& [other, list] : m_attentions)
                list.push_back({6, 0x29, 0});
            return item.done(good(item.sentAt));
        }
        auto& attentions = m_attentions[id];
        if (!attentions.empty()) {
            const Sense sense = attentions.front();
            attentions.pop_front();
            return item.done(check(item.sentAt, sense));
        }
        if (item.data) return data(nexus, std::move(item));
        const bool reservation = item.command.cdb[0] == 0x5e || item.command.cdb[0] == 0x5f;
        if (reservation && !manners.reservations) return item.done(check(item.sentAt, {5, 0x20, 0}));
        if (item.command.cdb[0] == 0x5e && item.command.cdb[1] == 2) return item.done(capabilities(item.sentAt));
        switch (item.command.cdb[0]) {
        case 0x00: return item.done(good(item.sentAt));
        case 0x5e: return item.done(reserveIn(item));
        case 0x5f: return item.done(reserveOut(id, item));
        default: return item.done(check(item.sentAt, {5, 0x20, 0}));
        }
    }

    void data(FakeNexus& nexus, FakeNexus::Item item) {
        const Id id = idOf(nexus);
        // Write Exclusive: everyone may read, only the holder may write (SPC-4 table 50).
        if (item.data->kind == DataTransfer::Kind::Write) {
            if (m_holder && *m_holder != id) return item.done(conflict(item.sentAt));
            m_flying.push_back({id, nexus.node, item.data->bytes.empty() ? std::uint8_t{0} : item.data->bytes[0],
                                item.sentAt, std::move(item.done)});
            return;
        }
        item.done(good(item.sentAt));
    }

    ScsiReply capabilities(Instant sentAt) { // SPC-4 6.15.4
        ++capabilitiesAsked;
        using Kind = ArrayManners::Capabilities;
        if (manners.capabilities == Kind::NotReported) return check(sentAt, {5, 0x24, 0});
        ScsiReply reply = good(sentAt);
        const std::uint8_t mask = manners.capabilities == Kind::WriteExclusive ? 0x02 : 0x20; // WR_EX, WR_EX_RO
        reply.data = {0,    8, 0, static_cast<std::uint8_t>(manners.capabilities == Kind::NoTypeMask ? 0x00 : 0x80),
                      mask, 0, 0, 0};
        return reply;
    }

    ScsiReply reserveIn(const FakeNexus::Item& item) const {
        ScsiReply reply = good(item.sentAt);
        const auto put32 = [&](std::uint32_t value) {
            std::array<std::uint8_t, 4> bytes{};
            storeBig(std::span(bytes), value);
            reply.data.insert(reply.data.end(), bytes.begin(), bytes.end());
        };
        const auto put64 = [&](std::uint64_t value) {
            put32(static_cast<std::uint32_t>(value >> 32));
            put32(static_cast<std::uint32_t>(value));
        };
        put32(m_generation);
        if (item.command.cdb[1] == 0) {
            put32(static_cast<std::uint32_t>(8 * m_registered.size()));
            for (const auto& [id, key] : m_registered)
                put64(key.value);
        } else {
            put32(m_holder ? 16 : 0);
            if (m_holder) {
                put64(m_registered.at(*m_holder).value);
                put32(0);
                put32(1 << 16); // byte 21: scope 0, type 1
            }
        }
        reply.data.resize(std::min(reply.data.size(), item.command.dataInLength));
        return reply;
    }

    ScsiReply reserveOut(Id id, const FakeNexus::Item& item) {
        const std::uint8_t action = item.command.cdb[1];
        const model::ReservationKey key{loadBig<std::uint64_t>(item.command.dataOut)};
        const model::ReservationKey other{loadBig<std::uint64_t>(std::span(item.command.dataOut).subspan(8))};
        const auto mine = m_registered.find(id);
        const bool registered = mine != m_registered.end();
        if (action == 0x00) { // REGISTER, SPC-4 5.12.7
            if (registered ? mine->second != key : key.value != 0) return conflict(item.sentAt);
            ++seen[action];
            if (other.value == 0) {
                if (m_holder == id) m_holder.reset();
                m_registered.erase(id);
            } else {
                m_registered[id] = other;
            }
            ++m_generation;
            return good(item.sentAt);
        }
        if (!registered || mine->second != key) return conflict(item.sentAt);
        if (action == 0x05 && !manners.preemptAndAbort) return check(item.sentAt, {5, 0x24, 0});
        ++seen[action];
        switch (action) {
        case 0x01: // RESERVE
            if (m_holder && *m_holder != id) return conflict(item.sentAt);
            m_holder = id;
            return good(item.sentAt);
        case 0x02: // RELEASE
            if (m_holder == id) m_holder.reset();
            return good(item.sentAt);
        case 0x04:
        case 0x05: return preempt(id, other, action == 0x05, item.sentAt);
        default: return check(item.sentAt, {5, 0x24, 0});
        }
    }

    ScsiReply preempt(Id id, model::ReservationKey victim, bool abort, Instant sentAt) { // SPC-4 5.12.11.2.3, table 67
        std::vector<Id> victims;
        for (const auto& [each, key] : m_registered)
            if (key == victim && each != id) victims.push_back(each);
        const bool holds = m_holder && m_registered.at(*m_holder) == victim;
        if (victims.empty() && !holds) return conflict(sentAt);
        for (const Id& each : victims) {
            m_registered.erase(each);
            m_attentions[each].push_back({6, 0x2a, 0x05});
            if (abort) std::erase_if(m_flying, [&](const Flying& write) { return write.id == each; });
        }
        if (holds) m_holder = id;
        ++m_generation;
        return good(sentAt);
    }

    std::map<Id, model::ReservationKey> m_registered;
    std::optional<Id> m_holder;
    std::uint32_t m_generation = 1;
    std::map<Id, std::deque<Sense>> m_attentions;
    std::deque<Flying> m_flying;
};

inline void FakeNexus::execute(ScsiCommand command, Instant, Done done) {
    if (m_broken) return done({});
    m_queue.push_back({std::move(command), nullptr, false, m_array.clock, std::move(done)});
}
inline void FakeNexus::transfer(std::shared_ptr<DataTransfer> transfer, Done done) {
    if (m_broken) return done({});
    m_queue.push_back({{}, std::move(transfer), false, m_array.clock, std::move(done)});
}
inline void FakeNexus::resetLun(Instant, Done done) {
    if (m_broken) return done({});
    m_queue.push_back({{}, nullptr, true, m_array.clock, std::move(done)});
}
inline void FakeNexus::pause(Duration duration, std::function<void()> done) {
    m_array.clock = m_array.clock + duration;
    done();
}
inline Instant FakeNexus::now() const { return m_array.clock; }
inline bool FakeNexus::step() {
    if (m_queue.empty()) return false;
    Item item = std::move(m_queue.front());
    m_queue.pop_front();
    m_array.run(*this, std::move(item));
    return true;
}
inline void FakeNexus::breakDown(std::size_t deliverFirst) {
    m_broken = true;
    std::deque<Item> waiting;
    waiting.swap(m_queue);
    for (Item& each : waiting) {
        Done done = std::exchange(each.done, [](ScsiReply) {});
        if (deliverFirst > 0) {
            --deliverFirst;
            m_array.run(*this, std::move(each));
        }
        done({});
    }
    // Writes in flight stay there, and nobody hears of them; whoever waits for them gets NoPath.
    for (auto& write : m_array.m_flying)
        if (write.node == node && write.done) std::exchange(write.done, nullptr)({});
}

} // namespace dyad::test
