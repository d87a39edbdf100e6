// SPDX-License-Identifier: Apache-2.0
// On the medium: who may write, and what must stay.
#include "checkers/all.h"

namespace dyad::simulator {

namespace {

// A claim that was answered Good stands behind the barrier: what lands from then on was sent by the boot that won it.
// Before the first claim nobody may write at all.
class TwoWriters final : public Checker {
public:
    const char* name() const override { return "two-writers"; }
    unsigned wants() const override { return sees(SightKind::Landed) | sees(SightKind::GateOpened); }
    void see(const Sight& sight, const Truth& truth) override {
        Owner& owner = m_owners[sight.lun];
        if (sight.kind == SightKind::GateOpened) {
            // A node that stood still may hear the answer when the LUN is somebody else's again: the array refuses it.
            if (truth.units[sight.lun].holder == sight.node) owner = {sight.node, sight.boot};
            return;
        }
        if (owner.node == sight.node && owner.boot == sight.boot) return;
        fail(std::string("a write of ") + nameOfNode(sight.node) + " landed on LUN " + std::to_string(sight.lun) +
             (owner.node == nobody ? std::string(", which nobody had claimed")
                                   : std::string(" after ") + nameOfNode(owner.node) + " had won it"));
    }

private:
    struct Owner {
        std::uint8_t node = nobody;
        std::uint32_t boot = 0;
    };
    std::array<Owner, maxSimulatedLuns> m_owners{};
};

// A record that the client was told of is on the medium from then on, and nothing is ever written over it.
class Records final : public Checker {
public:
    const char* name() const override { return "records"; }
    unsigned wants() const override { return sees(SightKind::Landed) | sees(SightKind::Acknowledged); }
    void see(const Sight& sight, const Truth&) override {
        std::vector<Slot>& slots = m_slots[sight.lun];
        if (slots.size() <= sight.slot) slots.resize(sight.slot + std::size_t{64});
        Slot& slot = slots[sight.slot];
        if (sight.kind == SightKind::Landed) {
            if (slot.acknowledged != 0 && slot.acknowledged != sight.token)
                fail("record " + std::to_string(sight.slot) + " of LUN " + std::to_string(sight.lun) +
                     " was acknowledged and is written over by " + nameOfNode(sight.node));
            slot.landed = sight.token;
            return;
        }
        if (slot.acknowledged != 0)
            fail("record " + std::to_string(sight.slot) + " of LUN " + std::to_string(sight.lun) +
                 " is acknowledged twice");
        if (slot.landed != sight.token)
            fail("record " + std::to_string(sight.slot) + " of LUN " + std::to_string(sight.lun) +
                 " is acknowledged, but is not on the medium");
        slot.acknowledged = sight.token;
    }

private:
    struct Slot {
        std::uint64_t landed = 0;
        std::uint64_t acknowledged = 0;
    };
    std::array<std::vector<Slot>, maxSimulatedLuns> m_slots;
};

} // namespace

std::unique_ptr<Checker> makeTwoWriters() { return std::make_unique<TwoWriters>(); }
std::unique_ptr<Checker> makeRecords() { return std::make_unique<Records>(); }

} // namespace dyad::simulator
