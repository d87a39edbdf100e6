// SPDX-License-Identifier: Apache-2.0
// The virtual world: two hosts, links, an array, and who watches. Three kinds of time pass in it.
//
// Room time is the plan's: when which fault comes, and that a life takes a minute. World time is room time without the
// long calms in which the pair stands settled: then the next fault comes at once, as if the plan had it earlier. Heart
// time is world time without the calms of the hearts: while nothing disturbs any heart, it stands still, and with it
// both hearts and whatever is under way between them; when something touches a heart or a link it goes on from where it
// stood. A heart takes `now` and only ever looks at differences of it, so for both hearts the calm never happened. See
// README.md for why both are exact.
#pragma once

#include "checkers/checker.h"
#include "life.h"
#include "world/agenda.h"
#include "world/array.h"
#include "world/commands.h"
#include "world/configuration.h"
#include "world/digest.h"
#include "world/host.h"
#include "world/links.h"

#include <memory>
#include <optional>
#include <vector>

namespace dyad::simulator {

class World {
public:
    static constexpr Duration hop = 20us; // from one process of a host to another

    World(const Plan& plan, Story* story);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Verdict run();

    // --- time ---
    [[nodiscard]] Duration now() const { return m_now; }
    [[nodiscard]] Duration heartNow() const { return (m_calmSince ? *m_calmSince : m_now) - m_skipped; }
    [[nodiscard]] Duration roomNow() const { return m_now + m_calm; }
    void plan(Duration after, Happening what);
    void planRoom(Duration after, Happening what);
    void planHeart(Duration after, Happening what);
    void planHeartAt(std::uint8_t node, Instant local, Happening what);
    void wakeHearts();

    // --- what there is ---
    [[nodiscard]] const Options& options() const { return m_plan.options; }
    [[nodiscard]] std::uint64_t seed() const { return m_plan.seed; }
    [[nodiscard]] const model::Configuration& configuration() const { return m_configuration; }
    [[nodiscard]] const engine::Timeouts& timeouts() const { return m_timeouts; }
    [[nodiscard]] Host& host(std::uint8_t node) { return *m_hosts[node]; }
    [[nodiscard]] Links& links() { return m_links; }
    [[nodiscard]] LogicalUnit& unit(std::size_t lun) { return m_units[lun]; }
    [[nodiscard]] Commands& commands() { return m_commands; }
    [[nodiscard]] Counts& counts() { return m_counts; }
    [[nodiscard]] Digest& digest() { return m_digest; }
    [[nodiscard]] std::uint64_t nextToken() { return ++m_token; }

    // --- the ways to the array ---
    [[nodiscard]] bool pathWorks(std::uint8_t node, std::size_t lun) const { return m_pathCuts[node][lun] == 0; }
    [[nodiscard]] bool arrayAway() const { return m_arrayAway > 0; }
    [[nodiscard]] Duration slowness(std::size_t lun) const { return m_bends[lun].slow; }
    void forget(std::uint32_t command); // the way to or from the array has lost it

    // --- what the parts tell; it goes to whoever watches ---
    void keysMayHaveChanged(std::size_t lun);
    void gateMoved(std::uint8_t node, std::uint16_t lun, bool open);
    void resourceMoved(std::uint8_t node, std::uint32_t group, std::uint32_t resource);
    void bentResource(std::uint8_t node, std::uint16_t target);
    void roleChanged(std::uint8_t node, std::uint32_t group, model::Role from, model::Role to, bool takeover);
    void startAsked(std::uint8_t node, std::uint32_t group, std::uint32_t resource);
    void acknowledged(std::uint32_t lun, std::uint32_t slot, std::uint64_t token);
    void hostChanged(std::uint8_t node);
    void serviceWent(std::uint8_t node);
    void stepped(std::uint8_t node, const engine::Event& event);
    void arrayAsked(std::uint8_t node, std::uint16_t lun);
    void alarm(std::uint8_t node, const std::string& id, bool raised);
    void orderAnswered(std::uint8_t node, std::uint64_t number);
    void selfFence(std::uint8_t node);
    void shutdownFinished(std::uint8_t node);

    [[nodiscard]] bool telling() const { return m_story != nullptr; }
    void tell(std::string_view text) {
        if (m_story) m_story->line(roomNow(), text);
    }

private:
    struct Bend { // of one LUN
        Duration slow{0};
        unsigned losesPercent = 0;
        Duration holdsUntil{0};
        unsigned refuses = 0;
        unsigned busy = 0;
        unsigned stranger = 0;
        [[nodiscard]] bool any() const { return slow.count() || losesPercent || refuses || busy || stranger; }
    };

    void happen(const Happening& what);
    void happenOnHost(const Happening& what);
    void happenAtArray(const Happening& what);
    void see(Sight sight);
    void planLook(const Checker& checker);
    void addCheckers();
    void noteTruth(std::uint8_t node);
    void noteKeys(std::size_t lun);

    // calm.cpp
    void considerHeartCalm();
    void considerCalm();
    [[nodiscard]] bool settled() const;
    [[nodiscard]] bool settledNode(std::uint8_t node) const;

    // world_faults.cpp
    void planFaults();
    void begin(const Fault& fault, std::uint32_t index);
    void end(const Fault& fault, std::uint32_t index);
    void bendLinks(const Fault& fault, bool begins);
    void bendArray(const Fault& fault, bool begins);
    void strikeHost(const Fault& fault, bool begins);
    void strikeResource(const Fault& fault, bool begins);
    void giveOrder(const Fault& fault);
    void cutPath(std::uint8_t node, std::size_t lun, bool cut);
    void linksChanged();
    void heal();
    void lookAfter();

    const Plan m_plan;
    Story* const m_story;
    const model::Configuration m_configuration;
    const engine::Timeouts m_timeouts;
    Duration m_now{0};
    Duration m_skipped{0};
    std::optional<Duration> m_calmSince;
    std::uint64_t m_unrestSeen = 0;
    std::array<std::uint64_t, 2> m_beatsAtUnrest{};
    Duration m_calmPhase{-1};
    Duration m_calm{0}; // room time that the world has not lived
    bool m_settledBefore = false;
    bool m_over = false;
    Agenda m_roomAgenda;
    Agenda m_agenda;
    Agenda m_heartAgenda;
    Counts m_counts;
    Digest m_digest;
    Stream m_dice;
    std::uint64_t m_token = 0;

    Commands m_commands;
    std::vector<LogicalUnit> m_units;
    Links m_links;
    std::array<std::unique_ptr<Host>, 2> m_hosts;
    std::array<std::array<unsigned, maxSimulatedLuns>, 2> m_pathCuts{};
    std::array<Bend, maxSimulatedLuns> m_bends{};
    std::array<std::uint64_t, maxSimulatedLuns> m_keysSeen{};
    unsigned m_arrayAway = 0;
    bool m_healed = false;
    std::vector<bool> m_standing; // by fault: begun, not yet ended

    Truth m_truth;
    std::vector<std::unique_ptr<Checker>> m_checkers;
    std::array<std::vector<Checker*>, sightKinds> m_watchers;
    Checker* m_broken = nullptr;
    Checker* m_liveness = nullptr;
    std::optional<Duration> m_lookPlanned;
};

} // namespace dyad::simulator
