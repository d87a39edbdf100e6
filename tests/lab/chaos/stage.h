// SPDX-License-Identifier: Apache-2.0
// The lab while a campaign plays on it: pair, customers, injector, watch and the administrator who repairs what only a
// person can.
#pragma once

#include "lab/chaos/episode_report.h"
#include "lab/chaos/journal_book.h"
#include "lab/chaos/plan.h"
#include "lab/chaos/watch.h"
#include "lab/chaos/wholeness.h"
#include "lab/client.h"
#include "lab/host.h"

#include <functional>
#include <map>
#include <memory>

namespace dyad::lab {

class Stage {
public:
    Stage(const Plan& plan, std::string profile, std::function<bool()> interrupted);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    [[nodiscard]] Result<void> raise(); // everything up, both customers write
    [[nodiscard]] Instant began() const { return m_began; }
    [[nodiscard]] EpisodeReport play(std::size_t number);
    void add(const EpisodeReport& episode, CampaignReport& report) const;
    // The whole history, at the end.
    void judge(CampaignReport& report);
    // After a failed episode: whatever is wrong on purpose is healed. False when the pair doesn't come back.
    [[nodiscard]] bool mend();
    [[nodiscard]] std::string keepEvidence(std::uint64_t seed, std::size_t episode,
                                           const std::vector<std::string>& problems) const;

private:
    void setBounds(const Episode& episode, EpisodeReport& report) const;
    void playFaults(const Episode& episode, EpisodeReport& report);
    void waitUntil(Instant at, EpisodeReport& report);
    void tick(EpisodeReport& report);
    void superviseHosts(EpisodeReport& report);
    void administer(const Wholeness& wholeness, EpisodeReport& report);
    bool waitForService(Instant healed, EpisodeReport& report, const Episode* episode = nullptr);
    bool waitForWhole(EpisodeReport& report);
    void probeWrites(EpisodeReport& report);
    void probeWritesOf(const char* mount, unsigned lun, EpisodeReport& report);
    void checkRows(EpisodeReport& report);
    void checkProcesses(const Episode& episode, EpisodeReport& report);
    void checkJournals(const Episode& episode, EpisodeReport& report);

    const Plan& m_plan;
    std::string m_profile;
    std::function<bool()> m_interrupted;
    Instant m_began;
    std::unique_ptr<Client> m_client;
    Injector m_injector;
    JournalBook m_book;
    std::unique_ptr<AddressWatch> m_watch;
    std::map<std::string, Instant> m_fencedAt;  // hosts that reset themselves and are still off
    std::map<std::string, Instant> m_orderedAt; // the administrator's last order of each kind
    std::size_t m_contradictionsKnown = 0;
    std::uint64_t m_rowsChecked = 0; // every acknowledged row up to this number was found
    std::size_t m_selfFences = 0;
    std::size_t m_cleared = 0;
    std::uint64_t m_probesRefused = 0;
};

} // namespace dyad::lab
