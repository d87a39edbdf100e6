// SPDX-License-Identifier: Apache-2.0
// The resources of one host, as its agents and its kernel have them: what is really there, and what is answered about
// it. A resource can be slow, fail, hang, or lie, in each of the four verbs by itself.
#pragma once

#include "checkers/truth.h"
#include "engine/event.h"
#include "fault.h"
#include "world/database.h"
#include "world/random.h"

#include <array>
#include <memory>
#include <vector>

namespace dyad::simulator {

class World;

struct Resource {
    ResourceType type = ResourceType::Process;
    std::uint16_t lun = 0; // of a filesystem
    bool there = false;
    bool supervised = false;     // by the present life of the service
    bool shutItselfDown = false; // a filesystem after an I/O error
    std::uint32_t turn = 0;      // of the latest request: an older one that is overtaken says nothing any more
    bool pending = false;
    model::ResourceRequest request;
    std::array<ResourceManner, 4> manner{}; // by ResourceVerb
};

class Resources {
public:
    Resources(World& world, std::uint8_t node, std::uint64_t seed);

    // The host loses power: nothing is left.
    void vanish();
    void lunWent(std::uint16_t lun);
    // The service has gone: what runs goes on, what was asked is never answered.
    void serviceWent();

    void carryOut(const model::ResourceRequest& request);
    void answer(std::uint16_t target, std::uint32_t turn);
    // Something noticed that a supervised one has ended.
    void ended(std::uint16_t target, std::uint32_t turn);
    void die(std::uint16_t target, bool unhealthy);
    void setManner(std::uint16_t target, model::ResourceVerb verb, ResourceManner manner);
    // Whoever lied is found out: what the service believes and what is there are the same again.
    void setRight();

    // Of the database: an I/O error of its filesystem ends it.
    void inputOutputError(std::uint16_t target);
    [[nodiscard]] bool mayWrite(std::uint32_t group) const;

    [[nodiscard]] Resource& at(std::uint32_t group, std::uint32_t resource) { return m_groups[group][resource]; }
    [[nodiscard]] const std::vector<std::vector<Resource>>& groups() const { return m_groups; }
    [[nodiscard]] Database& database(std::uint32_t group) { return m_databases[group]; }

    [[nodiscard]] static std::uint16_t targetOf(std::uint32_t group, std::uint32_t resource) {
        return static_cast<std::uint16_t>(group * 16 + resource);
    }

private:
    [[nodiscard]] Duration takes(const Resource& resource, const model::ResourceRequest& request);
    void finish(std::uint16_t target);
    void start(std::uint16_t target, model::ResourceOutcome& outcome, std::string& detail);
    void stop(std::uint16_t target, model::ResourceOutcome& outcome, std::string& detail);
    void set(std::uint16_t target, bool there);
    [[nodiscard]] Resource& of(std::uint16_t target) { return m_groups[target / 16][target % 16]; }

    World& m_world;
    const std::uint8_t m_node;
    Stream m_dice;
    std::vector<std::vector<Resource>> m_groups;
    std::vector<Database> m_databases; // by group
};

} // namespace dyad::simulator
